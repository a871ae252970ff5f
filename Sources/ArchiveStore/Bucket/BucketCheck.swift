// SPDX-License-Identifier: Apache-2.0
public import AuditCore
public import S3Client

/// Looks at a bucket, and tries out what an archive needs of it.
public struct BucketCheck: Sendable {
  /// How a part of the check came out.
  public enum State: String, Sendable {
    case ok
    /// It can be left so, and somebody should know.
    case warning
    /// An archive must not be kept here.
    case failed
    /// The server cannot tell.
    case unknown
    case notTried = "not tried"
  }

  /// One row of the table.
  public struct Line: Equatable, Sendable {
    public let name: String
    public let state: State
    public let detail: String
    /// It failed for want of a permission alone.
    public var isDenied = false
  }

  let client: S3Client

  public init(_ client: S3Client) { self.client = client }

  /// How a run ends that found this.
  public static func status(_ lines: [Line]) -> ExitStatus {
    let failed = lines.filter { $0.state == .failed }
    if failed.isEmpty { return .success }
    return failed.allSatisfy(\.isDenied) ? .permission : .configuration
  }

  /// Looks at the bucket's settings, and changes nothing.
  ///
  /// - Throws: a ``Failure`` where there is no such bucket, nobody answers, or the credentials are no good at all.
  public func settings() throws(Failure) -> [Line] {
    [
      try attempt("bucket") { () throws(S3Error) in
        let region = try client.headBucket()
        return (.ok, region.map { "\(client.url) in \($0)" } ?? client.url)
      },
      try attempt("versions") { () throws(S3Error) in
        switch try client.bucketVersioning() {
        case .enabled: (.ok, "kept")
        case .suspended: (.failed, "suspended: what is archived could be replaced")
        case .off: (.failed, "not kept: what is archived could be replaced")
        }
      },
      try attempt("object lock") { () throws(S3Error) in
        try client.bucketLock()?.isEnabled == true ? (.ok, "on") : (.failed, "off: what is archived could be deleted")
      },
      try attempt("default retention", ifDenied: .unknown, defaultRetention),
      try attempt("encryption", ifDenied: .unknown) { () throws(S3Error) in
        guard let found = try client.bucketEncryption() else { return (.warning, "none by default") }
        return (.ok, found.algorithm + (found.kmsKeyID.map { " by \($0)" } ?? ""))
      },
      try attempt("public access", ifDenied: .unknown) { () throws(S3Error) in
        try client.publicAccessBlock()?.isComplete == true ? (.ok, "blocked") : (.warning, "not blocked altogether")
      },
      try attempt("bucket policy", ifDenied: .unknown) { () throws(S3Error) in
        switch try client.bucketPolicyIsPublic() {
        case true?: (.failed, "it lets everybody in")
        case false?: (.ok, "not public")
        case nil: (.ok, "none")
        }
      },
    ]
  }

  /// What is written with a lock of its own does not need one; what others put there does.
  private func defaultRetention() throws(S3Error) -> (State, String) {
    guard let found = try client.bucketLock()?.defaultRetention else {
      return (.warning, "none; what is archived carries its own, what others put there has none")
    }
    let (days, text) =
      switch found.period {
      case .days(let days): (days, "\(days) days")
      case .years(let years): (years * 365, "\(years) years")
      }
    let isGood = found.mode == .compliance && days >= 365
    return (isGood ? .ok : .warning, "\(found.mode.rawValue), \(text)")
  }

  /// Makes a call, or several, and says how they came out.
  ///
  /// - Parameter ifDenied: the line's state where a permission is missing.
  func attempt(
    _ name: String, ifDenied: State = .failed, _ body: () throws(S3Error) -> (State, String)
  ) throws(Failure) -> Line {
    do throws(S3Error) {
      let (state, detail) = try body()
      return Line(name: name, state: state, detail: detail)
    } catch {
      switch error.kind {
      case .noSuchBucket, .wrongRegion, .cancelled: throw error.failure
      // Nobody has answered, if the call was made at all: that says nothing of the bucket.
      case _ where error.answer == nil && error.kind != .badAnswer: throw error.failure
      case .denied:
        // Not for this call, but altogether: a wrong secret, an expired token.
        guard let permission = error.missingPermission else { throw error.failure }
        return Line(name: name, state: ifDenied, detail: "denied: needs \(permission)", isDenied: ifDenied == .failed)
      case .unsupported: return Line(name: name, state: .unknown, detail: "the server does not know \(error.operation)")
      default: return Line(name: name, state: .failed, detail: error.failure.problem)
      }
    }
  }
}
