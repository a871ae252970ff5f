// SPDX-License-Identifier: Apache-2.0
internal import Synchronization

/// The channels of a client: as many as there ever were calls at once.
final class ChannelPool: Sendable {
  private struct State {
    var idle: [Channel] = []
    var busy: [ObjectIdentifier: Channel] = [:]
    var isCancelled = false
  }

  private let state = Mutex(State())

  var isCancelled: Bool { state.withLock { $0.isCancelled } }

  /// A channel for one exchange: one with a connection to the same server, if any is free.
  func take(for endpoint: String) throws(HTTPError) -> Channel {
    let free = state.withLock { state -> Channel? in
      guard let last = state.idle.indices.last else { return nil }
      let index = state.idle.lastIndex { $0.endpoint == endpoint } ?? last
      let channel = state.idle.remove(at: index)
      state.busy[ObjectIdentifier(channel)] = channel
      return channel
    }
    if let free { return free }
    let made = try Channel()
    state.withLock { $0.busy[ObjectIdentifier(made)] = made }
    return made
  }

  func giveBack(_ channel: Channel) {
    state.withLock { state in
      state.busy[ObjectIdentifier(channel)] = nil
      state.idle.append(channel)
    }
  }

  func discard(_ channel: Channel) {
    state.withLock { $0.busy[ObjectIdentifier(channel)] = nil }
  }

  func cancel() {
    state.withLock { state in
      state.isCancelled = true
      // Under the lock, so that none of them is on its way to another call.
      for channel in state.busy.values { channel.wake() }
    }
  }
}
