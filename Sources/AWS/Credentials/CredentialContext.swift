// SPDX-License-Identifier: Apache-2.0

/// What providers share.
struct CredentialContext: Sendable {
  let variables: AWSVariables
  /// For services.
  let exchange: any HTTPExchange
  /// For the container's and the machine's credential servers: no proxy, a second to answer in.
  let metadata: any HTTPExchange
  let retrier: Retrier
  let clock: ServiceClock
}
