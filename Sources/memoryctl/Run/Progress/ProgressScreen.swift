// SPDX-License-Identifier: Apache-2.0
import Files
import Synchronization

/// The lines at a terminal's end that are drawn over. Whoever prints anything else takes them away first.
enum ProgressScreen {
  private static let shown = Mutex(0)

  /// Draws lines in the place of those that are there. Each must fit the terminal's width.
  static func draw(_ lines: [String]) {
    shown.withLock { shown in
      Process.write(erasure(shown) + lines.joined(separator: "\n"), to: 2)
      shown = lines.count
    }
  }

  static func clear() {
    shown.withLock { shown in
      if shown > 0 { Process.write(erasure(shown), to: 2) }
      shown = 0
    }
  }

  /// ECMA-48: cursor up (CUU), erase in line (EL), erase in page (ED).
  private static func erasure(_ lines: Int) -> String {
    lines > 1 ? "\r\u{1b}[\(lines - 1)A\u{1b}[J" : "\r\u{1b}[K"
  }
}
