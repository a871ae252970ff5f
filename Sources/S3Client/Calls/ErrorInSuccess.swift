// SPDX-License-Identifier: Apache-2.0
internal import AWS
internal import Bytes
internal import HTTPTransport
internal import XML

/// Errors behind a status of success: S3 begins some answers before it knows how they end.
enum ErrorInSuccess {
  /// Whether a body is an error's document.
  static func isError(_ body: [UInt8]) -> Bool {
    guard body.count <= AWSError.bodyLimit, body.first(where: { $0 > 0x20 }) == UInt8(ascii: "<") else { return false }
    let root = try? XMLElement(parsing: body, limits: XMLLimits(depth: 16, elements: 1000))
    return root?.name == "Error"
  }
}

extension S3Client {
  /// As much of an error's body as is worth reading; what breaks meanwhile is not.
  static func errorBody(_ body: HTTPBodyReader) -> [UInt8] {
    var buffer = ByteBuffer(capacity: 4096)
    while buffer.count < AWSError.bodyLimit,
      let count = try? body.read(into: &buffer, upTo: AWSError.bodyLimit - buffer.count), count > 0
    {}
    return buffer.array()
  }
}
