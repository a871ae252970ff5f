// SPDX-License-Identifier: Apache-2.0
internal import HTTPTransport
internal import Synchronization

/// A stand-in for S3's Glacier classes in front of a real server: objects that have to be asked back before they can be
/// read.
///
/// - SeeAlso: Amazon S3 User Guide, "Restoring an archived object"; API Reference, RestoreObject.
public final class ColdStorage: Sendable {
  private enum Place { case archived, onItsWay, restored }

  private struct State {
    /// Parts of the keys that are cold.
    var marks: [String] = []
    var places: [String: Place] = [:]
    var tiers: [String] = []
  }

  private let state = Mutex(State())
  private let origin: FaultServer.Handler

  public init(before url: String) { origin = FaultServer.forwarding(to: url) }

  /// Puts objects away whose keys have `mark` in them.
  public func freeze(_ mark: String) { state.withLock { $0.marks.append(mark) } }

  /// Ends every restore that is under way.
  public func thaw() {
    state.withLock { state in
      for (key, place) in state.places where place == .onItsWay { state.places[key] = .restored }
    }
  }

  /// Documents of the restores that were asked for.
  public var requests: [String] { state.withLock(\.tiers) }

  public func handle(_ request: ServedRequest) throws -> ServedResponse {
    let parts = request.target.split(separator: "?", maxSplits: 1).map(String.init)
    let (key, query) = (parts[0], parts.count > 1 ? parts[1] : "")
    if request.method == "POST", query.hasPrefix("restore") { return restore(key, request) }
    if request.method == "GET", query.contains("versions"), query.contains("prefix=") {
      return listed(try origin(request))
    }
    guard let place = place(key) else { return try origin(request) }
    switch request.method {
    case "HEAD": return marked(try origin(request), place)
    case "GET" where query.isEmpty || query.hasPrefix("versionId="):
      if place != .restored { return Self.refusal(403, "InvalidObjectState") }
    default: break
    }
    return try origin(request)
  }

  /// Nil for what is not cold.
  private func place(_ key: String) -> Place? {
    state.withLock { state in
      state.marks.contains { key.contains($0) } ? state.places[key] ?? .archived : nil
    }
  }

  private func restore(_ key: String, _ request: ServedRequest) -> ServedResponse {
    state.withLock { state in
      guard state.marks.contains(where: { key.contains($0) }) else {
        return Self.refusal(403, "InvalidObjectState")
      }
      state.tiers.append(String(decoding: request.body, as: UTF8.self))
      switch state.places[key] ?? .archived {
      case .archived:
        state.places[key] = .onItsWay
        return ServedResponse(202)
      case .onItsWay: return Self.refusal(409, "RestoreAlreadyInProgress")
      case .restored: return ServedResponse(200)
      }
    }
  }

  private func marked(_ response: ServedResponse, _ place: Place) -> ServedResponse {
    var response = response
    response.set("x-amz-storage-class", "GLACIER")
    switch place {
    case .archived: break
    case .onItsWay: response.set("x-amz-restore", "ongoing-request=\"true\"")
    case .restored:
      response.set("x-amz-restore", "ongoing-request=\"false\", expiry-date=\"Fri, 21 Dec 2040 00:00:00 GMT\"")
    }
    return response
  }

  /// Gives each cold version its class in a list.
  private func listed(_ response: ServedResponse) -> ServedResponse {
    let marks = state.withLock(\.marks)
    var response = response
    var pieces = String(decoding: response.body, as: UTF8.self).split(separator: "<Version>").map(String.init)
    for (index, piece) in pieces.enumerated().dropFirst() {
      let key = piece.split(separator: "</Key>")[0].replacing("%2F", with: "/")
      guard marks.contains(where: { key.contains($0) }) else { continue }
      pieces[index] = piece.replacing("<StorageClass>STANDARD<", with: "<StorageClass>GLACIER<")
    }
    response.body = Array(pieces.joined(separator: "<Version>").utf8)
    return response
  }

  private static func refusal(_ status: Int, _ code: String) -> ServedResponse {
    ServedResponse(status, text: "<Error><Code>\(code)</Code><Message>\(code)</Message></Error>")
  }
}
