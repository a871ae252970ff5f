// SPDX-License-Identifier: Apache-2.0
internal import AWS
internal import AuditCore
internal import XML

extension S3Client {
  /// The retention of a version (GetObjectRetention).
  ///
  /// - Parameter versionID: nil for the newest one.
  /// - Returns: nil where it has none, in a bucket without Object Lock too.
  /// - Throws: ``S3Error/Kind/noSuchObject`` where the version is not there.
  public func retention(_ key: String, versionID: String?) throws(S3Error) -> ObjectLock? {
    let operation = S3Operation.getRetention
    let object = name(key, versionID: versionID)
    guard let root = try lockDocument(operation, "retention", key, versionID, root: "Retention") else { return nil }
    do throws(AnswerFault) {
      let mode = root.text(at: "Mode") ?? ""
      let until = root.text(at: "RetainUntilDate") ?? ""
      return mode.isEmpty && until.isEmpty ? nil : try ObjectLock(mode: mode, until: until)
    } catch { throw badAnswer(operation, error.reason, on: object) }
  }

  /// Lengthens the retention of a version (PutObjectRetention).
  ///
  /// What the version has is read first: not every server refuses a weaker one. S3 itself decides where both change
  /// at once.
  ///
  /// - Throws: ``S3Error/Kind/wouldShorten`` where the version's own retention is longer or stronger.
  public func extendRetention(_ key: String, versionID: String?, to lock: ObjectLock) throws(S3Error) {
    let operation = S3Operation.putRetention
    let object = name(key, versionID: versionID)
    if let held = try retention(key, versionID: versionID) {
      guard lock.isAtLeast(held) else {
        throw refusal(
          .wouldShorten, operation, .refused,
          "it is under \(held.mode.rawValue) retention until \(held.until.isoSeconds), more than what is asked for",
          on: object, remedy: "ask for a later date: retention only grows")
      }
      if lock == held { return }
    }
    try setRetention(key, versionID: versionID, lock)
  }

  /// Asks for a retention whatever the version has (PutObjectRetention): the server is to refuse a weaker one.
  public func setRetention(_ key: String, versionID: String?, _ lock: ObjectLock) throws(S3Error) {
    var request = S3Request("PUT", key: key)
    request.ask("retention")
    request.ask(versionID: versionID)
    request.setDocument(
      RequestDocument.root(
        "Retention", RequestDocument.element("Mode", text: lock.mode.rawValue),
        RequestDocument.element("RetainUntilDate", text: lock.until.isoSeconds)))
    _ = try send(S3Operation.putRetention, request, on: name(key, versionID: versionID))
  }

  /// Whether a version is under legal hold (GetObjectLegalHold); false in a bucket without Object Lock.
  ///
  /// - Throws: ``S3Error/Kind/noSuchObject`` where the version is not there.
  public func legalHold(_ key: String, versionID: String?) throws(S3Error) -> Bool {
    let operation = S3Operation.getLegalHold
    guard let root = try lockDocument(operation, "legal-hold", key, versionID, root: "LegalHold") else { return false }
    switch root.text(at: "Status") {
    case "ON": return true
    case "OFF", nil, "": return false
    default: throw badAnswer(operation, "a hold that is neither on nor off", on: name(key, versionID: versionID))
    }
  }

  /// Puts a version under legal hold, or takes it off (PutObjectLegalHold).
  public func setLegalHold(_ key: String, versionID: String?, _ isHeld: Bool) throws(S3Error) {
    var request = S3Request("PUT", key: key)
    request.ask("legal-hold")
    request.ask(versionID: versionID)
    request.setDocument(
      RequestDocument.root("LegalHold", RequestDocument.element("Status", text: isHeld ? "ON" : "OFF")))
    _ = try send(S3Operation.putLegalHold, request, on: name(key, versionID: versionID))
  }

  /// AWS's, and SeaweedFS's for a hold that was never put.
  private static let noLockCodes: Set<String> = [
    "NoSuchObjectLockConfiguration", "ObjectLockConfigurationNotFoundError", "InvalidRequest", "NoSuchObjectLegalHold",
  ]

  /// - Returns: nil where object or bucket has no such thing.
  private func lockDocument(
    _ operation: AWSOperation, _ subresource: String, _ key: String, _ versionID: String?, root: String
  ) throws(S3Error) -> XMLElement? {
    var request = S3Request("GET", key: key)
    request.ask(subresource)
    request.ask(versionID: versionID)
    let object = name(key, versionID: versionID)
    do throws(S3Error) {
      return try document(operation, request, on: object, root: root)
    } catch {
      // 400 InvalidRequest stands for a bucket without Object Lock; nothing else of this request can be invalid.
      guard let code = error.answer?.code, Self.noLockCodes.contains(code) else { throw error }
      return nil
    }
  }

  /// The document that a call is answered with.
  ///
  /// - Parameter root: its root's name; nil for any.
  func document(
    _ operation: AWSOperation, _ request: S3Request, on object: String, root: String?
  ) throws(S3Error) -> XMLElement {
    let answer = try send(operation, request, on: object)
    let element: XMLElement
    do throws(XMLError) { element = try XMLElement(parsing: answer.body) } catch {
      throw badAnswer(operation, "what cannot be read: \(error)", on: object)
    }
    if let root, element.name != root {
      throw badAnswer(operation, "<\(element.name.prefix(40))> for a <\(root)>", on: object)
    }
    return element
  }
}
