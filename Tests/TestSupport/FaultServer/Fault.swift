// SPDX-License-Identifier: Apache-2.0
internal import HTTPTransport

/// What a ``FaultServer`` does wrong with one request.
public enum Fault: Sendable {
  /// When it happens, in the order in which an exchange goes.
  public enum Moment: Sendable, Equatable {
    /// The request's head is read, nothing of its body.
    case beforeBody
    /// So many bytes of the request's body are read.
    case requestBody(Int)
    /// The request is whole; the handler has not run.
    case beforeEffect
    /// The handler has run, and nothing is answered.
    case afterEffect
    /// So many bytes of the response's head are sent.
    case responseHead(Int)
    /// The head and so many bytes of the response's body are sent.
    case responseBody(Int)
    /// The response is out, and said that the connection stays.
    case afterResponse

    /// Whether the handler's effect is there by then.
    var isAfterEffect: Bool {
      switch self {
      case .beforeBody, .requestBody, .beforeEffect: false
      default: true
      }
    }
  }

  /// The connection is reset (RST).
  case reset(Moment)
  /// The connection is closed (FIN).
  case close(Moment)
  /// Nothing moves any more, until the client goes or the server stops.
  case stall(Moment)
  /// Something else happens at that moment, such as another writer's being first; then the exchange goes on.
  case meanwhile(Moment, @Sendable () -> Void)
  /// This is answered, and the handler never runs.
  case answer(ServedResponse)
  /// This is answered before the body is read; the connection is closed at once, which resets it where the client sends.
  case answerEarly(ServedResponse)
  /// The handler runs, and its answer is changed.
  case alter(@Sendable (ServedRequest, ServedResponse) -> ServedResponse)
  /// These bytes are sent in the place of a response, and the connection is closed.
  case raw([UInt8])
  /// Interim heads of these statuses go before the handler's answer.
  case interim([Int])

  /// A body that ends too early, behind a `Content-Length` for all of it.
  public static func truncate(after bytes: Int) -> Fault { .close(.responseBody(bytes)) }

  /// The effect is there, and the client does not learn of it.
  public static let loseReply = Fault.reset(.afterEffect)

  /// The effect is there, and the client is told of a failure.
  public static func applyThenAnswer(_ response: ServedResponse) -> Fault { .alter { _, _ in response } }

  /// One byte of the body comes out as another.
  public static func corrupt(byte offset: Int) -> Fault {
    .alter { _, response in
      var response = response
      if response.body.indices.contains(offset) { response.body[offset] ^= 0x20 }
      return response
    }
  }

  /// A `Content-Length` that is off by `delta`.
  public static func misstateLength(by delta: Int) -> Fault {
    .alter { _, response in
      var response = response
      response.set("Content-Length", "\(response.body.count + delta)")
      response.set("Connection", "close")
      return response
    }
  }

  /// The same body in chunks of so many bytes.
  public static func chunk(_ bytes: Int) -> Fault {
    .alter { _, response in
      var response = response
      response.framing = .chunked(bytes)
      return response
    }
  }

  /// A head with so many more headers, each with a value of so many bytes.
  public static func swellHead(headers: Int, valueBytes: Int) -> Fault {
    .alter { _, response in
      var response = response
      for index in 0..<headers {
        response.headers.append(HTTPHeader(name: "X-Swell-\(index)", value: String(repeating: "x", count: valueBytes)))
      }
      return response
    }
  }

  public static func redirect(to url: String) -> Fault {
    .answer(ServedResponse(307, headers: [HTTPHeader(name: "Location", value: url)]))
  }
}

/// Which requests a fault is for.
struct FaultRule {
  let fault: Fault
  let method: String?
  let target: String
  let occurrences: ClosedRange<Int>
  var seen = 0

  func matches(_ request: ServedRequest) -> Bool {
    (method == nil || method == request.method)
      && Self.matches(Array(target.utf8)[...], Array(request.target.utf8)[...])
  }

  /// A `*` stands for any run of characters.
  private static func matches(_ pattern: ArraySlice<UInt8>, _ text: ArraySlice<UInt8>) -> Bool {
    guard let first = pattern.first else { return text.isEmpty }
    if first == UInt8(ascii: "*") {
      let rest = pattern.dropFirst()
      return rest.isEmpty || (text.startIndex...text.endIndex).contains { matches(rest, text[$0...]) }
    }
    return text.first == first && matches(pattern.dropFirst(), text.dropFirst())
  }
}
