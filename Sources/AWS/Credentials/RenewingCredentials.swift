// SPDX-License-Identifier: Apache-2.0
public import AuditCore
internal import Synchronization

/// Credentials that are renewed before they end, by whichever thread asks first.
///
/// In the early window one thread renews and the others go on with what there is. In the late window all wait for the
/// renewal. A renewal that fails leaves the old ones in use until they have truly ended, and is tried again after a
/// while. The windows are the SDKs' 15 and 10 minutes, less where credentials live for less than an hour.
public final class RenewingCredentials: Sendable {
  private struct State: Sendable {
    var current: Credentials?
    var obtained = Timestamp.distantPast
    /// After a failed renewal: when to try again.
    var notBefore = Timestamp.distantPast
  }

  private enum Need: Int, Comparable {
    case none, early, late, expired

    static func < (a: Need, b: Need) -> Bool { a.rawValue < b.rawValue }
  }

  private let state = Mutex(State())
  /// Held by the thread that renews.
  private let renewal = Mutex<Void>(())
  private let load: @Sendable () throws(Failure) -> Credentials
  private let clock: ServiceClock

  static let earlySeconds: Int64 = 900
  static let lateSeconds: Int64 = 600
  static let pauseSeconds: Int64 = 60

  /// - Parameter load: finds or renews them.
  public init(clock: ServiceClock, load: @escaping @Sendable () throws(Failure) -> Credentials) {
    self.clock = clock
    self.load = load
  }

  /// What is held, whether it still holds or not.
  public var held: Credentials? { state.withLock { $0.current } }

  /// Credentials to sign with now.
  public func current() throws(Failure) -> Credentials {
    let need = need()
    if need == .early {
      // Whoever comes while another thread renews goes on with what there is.
      _ = try renewal.withLockIfAvailable { (_: inout Void) throws(Failure) in try renew(.early) }
    } else if need > .early {
      try renewal.withLock { (_: inout Void) throws(Failure) in try renew(need) }
    }
    guard let credentials = held else { throw Failure(.bug, "renewed credentials are missing") }
    return credentials
  }

  /// After a service has said that credentials have ended.
  ///
  /// - Returns: whether there are other ones now.
  func renew(replacing used: Credentials) -> Bool {
    renewal.withLock { _ in
      if held != used { return true }
      guard let new = try? load(), new != used, !new.isExpired(at: clock.now) else { return false }
      hold(new)
      return true
    }
  }

  /// Renews if that is still needed: another thread may have done it meanwhile.
  private func renew(_ least: Need) throws(Failure) {
    guard need() >= least || held == nil else { return }
    do throws(Failure) {
      let new = try load()
      guard !new.isExpired(at: clock.now) else {
        throw Failure(
          .permission, "what was found has expired already", on: new.source,
          remedy: "renew it, and check this machine's clock")
      }
      hold(new)
    } catch {
      guard let held, !held.isExpired(at: clock.now) else { throw error }
      putOff()
    }
  }

  private func hold(_ new: Credentials) {
    let now = clock.now
    state.withLock { $0 = State(current: new, obtained: now) }
  }

  private func putOff() {
    let next = clock.now.advanced(bySeconds: Self.pauseSeconds)
    state.withLock { $0.notBefore = next }
  }

  private func need() -> Need {
    let now = clock.now
    return state.withLock { state in
      guard let current = state.current else { return .expired }
      guard let end = current.expiration else { return .none }
      let left = end.unixSeconds - now.unixSeconds
      if left <= 0 { return .expired }
      if now < state.notBefore { return .none }
      let life = max(0, end.unixSeconds - state.obtained.unixSeconds)
      if left < min(Self.lateSeconds, life / 6) { return .late }
      return left < min(Self.earlySeconds, life / 4) ? .early : .none
    }
  }
}
