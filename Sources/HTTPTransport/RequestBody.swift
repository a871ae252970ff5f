// SPDX-License-Identifier: Apache-2.0
internal import Glibc

/// Where the bytes come from that libcurl sends; it may ask for them again from the start.
final class RequestBody {
  private enum Source {
    case bytes([UInt8])
    case file(descriptor: Int32, path: String)
  }

  let count: Int
  private let source: Source
  private let onSent: (@Sendable (Int) -> Void)?
  private var offset = 0 { didSet { onSent?(offset) } }
  /// What went wrong with the file.
  private(set) var fault: String?

  /// - Throws: ``HTTPError/Kind/bodyUnreadable`` where there is no such file.
  init(_ body: HTTPRequest.Body, onSent: (@Sendable (Int) -> Void)? = nil) throws(HTTPError) {
    count = body.count
    self.onSent = onSent
    switch body {
    case .none: source = .bytes([])
    case .bytes(let bytes): source = .bytes(bytes)
    case .file(let path, _):
      let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
      guard descriptor >= 0 else {
        throw HTTPError(.bodyUnreadable, "open \(path): \(String(cString: strerror(errno)))", wasSent: false)
      }
      posix_fadvise(descriptor, 0, 0, POSIX_FADV_SEQUENTIAL)
      source = .file(descriptor: descriptor, path: path)
    }
  }

  deinit { if case .file(let descriptor, _) = source { close(descriptor) } }

  /// Fills `room` as far as there is anything left.
  ///
  /// - Returns: bytes, 0 at the end; nil after a fault.
  func read(into room: UnsafeMutableRawBufferPointer) -> Int? {
    let wanted = min(room.count, count - offset)
    guard wanted > 0 else { return 0 }
    switch source {
    case .bytes(let bytes):
      bytes.withUnsafeBytes { room.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[offset..<offset + wanted])) }
      offset += wanted
      return wanted
    case .file(let descriptor, let path):
      var got = 0
      repeat { got = pread(descriptor, room.baseAddress, wanted, off_t(offset)) } while got < 0 && errno == EINTR
      guard got > 0 else {
        // To send less than was announced would leave the server waiting.
        fault = got < 0 ? "read \(path): \(String(cString: strerror(errno)))" : "\(path) has less than \(count) bytes"
        return nil
      }
      offset += got
      return got
    }
  }

  /// Goes back, or forward, to an offset.
  func seek(to offset: Int) -> Bool {
    guard offset >= 0, offset <= count else { return false }
    self.offset = offset
    return true
  }
}
