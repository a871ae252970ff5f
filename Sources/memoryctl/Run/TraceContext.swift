// SPDX-License-Identifier: Apache-2.0

/// The trace that whoever started us has under way.
///
/// - SeeAlso: W3C Trace Context, "traceparent Header Field Values"; OpenTelemetry, "Environment Variables as Context
///   Propagation Carriers".
struct TraceContext: Equatable {
  /// 32 hex digits.
  let traceID: String
  /// The span that we run in, 16 hex digits.
  let spanID: String

  /// - Parameter text: the value of `TRACEPARENT`.
  /// - Returns: nil for what is none, which is to be passed over.
  init?(_ text: String) {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count >= 4, Self.isHex(parts[0], 2), parts[0] != "ff", parts[0] != "00" || parts.count == 4,
      Self.isHex(parts[1], 32), Self.isHex(parts[2], 16), Self.isHex(parts[3], 2),
      parts[1].contains(where: { $0 != "0" }), parts[2].contains(where: { $0 != "0" })
    else { return nil }
    traceID = String(parts[1])
    spanID = String(parts[2])
  }

  private static func isHex(_ text: Substring, _ count: Int) -> Bool {
    text.utf8.count == count && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
  }
}
