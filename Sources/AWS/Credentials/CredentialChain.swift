// SPDX-License-Identifier: Apache-2.0
public import AuditCore
internal import Synchronization

/// Places in their order. The first that has credentials is the one that is asked ever after.
public final class CredentialChain: Sendable {
  private let providers: [any CredentialProvider]
  private let chosen = Mutex<Int?>(nil)

  public init(_ providers: [any CredentialProvider]) { self.providers = providers }

  /// - Throws: status `configuration` with everything that was looked at, where there are none.
  public func load() throws(Failure) -> Credentials {
    if let index = chosen.withLock({ $0 }) { return try again(providers[index]) }
    var looked: [String] = []
    for (index, provider) in providers.enumerated() {
      switch try provider.load() {
      case .found(let credentials):
        chosen.withLock { $0 = index }
        return credentials
      case .absent(let reason): looked.append("\(provider.name): \(reason)")
      }
    }
    throw Failure(
      .configuration, "no AWS credentials were found (\(looked.joined(separator: "; ")))",
      remedy: "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or give the pod or machine a role")
  }

  private func again(_ provider: any CredentialProvider) throws(Failure) -> Credentials {
    switch try provider.load() {
    case .found(let credentials): return credentials
    case .absent(let reason):
      throw Failure(
        .unavailable, "credentials are no longer to be had: \(reason)", on: provider.name, remedy: "run it again later")
    }
  }
}
