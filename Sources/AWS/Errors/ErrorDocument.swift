// SPDX-License-Identifier: Apache-2.0
internal import AuditCore
internal import XML

/// What an error's body says, where it can be read.
struct ErrorDocument {
  var code: String?
  var message: String?
  var requestID: String?
  var hostID: String?
  var region: String?
  var serverTime: Timestamp?

  init(_ body: [UInt8]) {
    guard body.count <= AWSError.bodyLimit, let first = body.first(where: { $0 > 0x20 }) else { return }
    if first == UInt8(ascii: "{") {
      if let json = try? JSONValue(parsing: body) { read(json) }
    } else if first == UInt8(ascii: "<") {
      let limits = XMLLimits(depth: 16, elements: 1000, textBytes: AWSError.bodyLimit)
      if let root = try? XMLElement(parsing: body, limits: limits) { read(root) }
    }
  }

  private mutating func read(_ json: JSONValue) {
    code = json["__type"]?.string ?? json["code"]?.string ?? json["Code"]?.string
    message = json["message"]?.string ?? json["Message"]?.string
  }

  /// S3 answers with `Error`, STS with `ErrorResponse` around it.
  private mutating func read(_ root: XMLElement) {
    guard let error = root.name == "Error" ? root : root["Error"] else { return }
    code = error.text(at: "Code")
    message = error.text(at: "Message")
    requestID = error.text(at: "RequestId") ?? root.text(at: "RequestId")
    hostID = error.text(at: "HostId")
    region = error.text(at: "Region")
    serverTime = error.text(at: "ServerTime").flatMap { Timestamp($0) }
  }
}
