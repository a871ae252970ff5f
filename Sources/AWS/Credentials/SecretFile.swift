// SPDX-License-Identifier: Apache-2.0
internal import AuditCore
internal import Files

/// A file that holds a token and nothing else.
enum SecretFile {
  static let limit = 64 << 10

  /// The file's text without white space at its end.
  ///
  /// - Parameter purpose: for errors.
  static func read(_ path: String, of purpose: String) throws(Failure) -> Secret {
    let bytes: [UInt8]?
    do throws(FileError) { bytes = try File.contents(path, limit: limit) } catch {
      throw Failure(
        .configuration, "the token file of \(purpose) cannot be read", on: path,
        remedy: "check the path, its permissions and the pod's service account", cause: error)
    }
    var text = bytes ?? []
    while let last = text.last, last <= 0x20 { text.removeLast() }
    // It becomes a header or a form's field; what could end a header is no token.
    guard !text.isEmpty, text.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
      throw Failure(
        .configuration, "the token file of \(purpose) is empty, or holds what is no token", on: path,
        remedy: "correct the file")
    }
    return Secret(String(decoding: text, as: UTF8.self))
  }
}

extension Failure {
  /// The failure without a secret that a service may have quoted.
  func hiding(_ secret: Secret) -> Failure {
    let error = (cause as? AWSError)?.hiding([secret])
    return Failure(
      status, problem.replacing(secret.text, with: secret.description), on: object, remedy: remedy,
      cause: error ?? cause)
  }
}
