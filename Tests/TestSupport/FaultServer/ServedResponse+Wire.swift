// SPDX-License-Identifier: Apache-2.0
internal import HTTPTransport

extension ServedResponse {
  private func has(_ name: String) -> Bool { headers.contains { $0.name.lowercased() == name } }

  /// The head as it is sent.
  var head: String {
    var lines = ["HTTP/1.1 \(status) \(status < 400 ? "OK" : "Error")"]
    lines += headers.map { "\($0.name): \($0.value)" }
    switch framing {
    case .length:
      if !has("content-length") && status != 204 && status != 304 { lines.append("Content-Length: \(body.count)") }
    case .chunked: lines.append("Transfer-Encoding: chunked")
    case .untilClose: lines.append("Connection: close")
    }
    return lines.joined(separator: "\r\n") + "\r\n\r\n"
  }

  /// The body as it is sent.
  var framedBody: [UInt8] {
    guard case .chunked(let size) = framing else { return body }
    var framed: [UInt8] = []
    for start in stride(from: 0, to: body.count, by: size) {
      let piece = body[start..<min(start + size, body.count)]
      framed += Array("\(String(piece.count, radix: 16))\r\n".utf8) + piece + Array("\r\n".utf8)
    }
    return framed + Array("0\r\nX-Trailer: yes\r\n\r\n".utf8)
  }

  var keepsConnection: Bool {
    if case .untilClose = framing { return false }
    return !headers.contains { $0.name.lowercased() == "connection" && $0.value.lowercased() == "close" }
  }
}

extension Fault {
  private var moment: Moment? {
    switch self {
    case .reset(let moment), .close(let moment), .stall(let moment), .meanwhile(let moment, _): moment
    default: nil
    }
  }

  /// Bytes of the request's body after which it breaks off.
  var requestBodyBytes: Int? { if case .requestBody(let bytes) = moment { bytes } else { nil } }
  var responseHeadBytes: Int? { if case .responseHead(let bytes) = moment { bytes } else { nil } }
  var responseBodyBytes: Int? { if case .responseBody(let bytes) = moment { bytes } else { nil } }
}

extension Fault.Moment {
  /// Whether both are the same step of an exchange, however many bytes into it.
  func isSamePlace(_ other: Fault.Moment) -> Bool {
    switch (self, other) {
    case (.requestBody, .requestBody), (.responseHead, .responseHead), (.responseBody, .responseBody): true
    default: self == other
    }
  }
}
