// SPDX-License-Identifier: Apache-2.0
internal import AWS
internal import HTTPTransport

extension S3Client {
  /// Asks for a copy of an archived object that can be read for some days (RestoreObject).
  ///
  /// - Parameters:
  ///   - days: nil for objects of the class `INTELLIGENT_TIERING`, which come back for good.
  ///   - tier: `Expedited`, `Standard` or `Bulk`.
  public func restore(
    _ key: String, versionID: String?, days: Int?, tier: String
  ) throws(S3Error) -> RestoreOutcome {
    var request = S3Request("POST", key: key)
    request.ask("restore")
    request.ask(versionID: versionID)
    let wanted = RequestDocument.element("GlacierJobParameters", RequestDocument.element("Tier", text: tier))
    let duration = days.map { RequestDocument.element("Days", text: "\($0)") }
    request.setDocument(RequestDocument.root("RestoreRequest", duration ?? "", wanted))
    do throws(S3Error) {
      let answer = try send(S3Operation.restore, request, on: name(key, versionID: versionID))
      // 202 begins a restore, 200 moves the end of one that is there.
      return answer.response.status == 202 ? .started : .alreadyRestored
    } catch {
      switch error.answer?.code {
      case "RestoreAlreadyInProgress": return .inProgress
      case "ObjectAlreadyInActiveTierError", "InvalidObjectState": return .notArchived
      default: throw error
      }
    }
  }

  /// Deletes a version, or puts a delete marker on top of a key (DeleteObject): for probes and tests. No command of an
  /// archive's does.
  ///
  /// - Returns: the marker's version, or the deleted one; nil in a bucket without versions.
  @discardableResult
  public func delete(_ key: String, versionID: String?) throws(S3Error) -> String? {
    var request = S3Request("DELETE", key: key)
    request.ask(versionID: versionID)
    return try send(S3Operation.delete(versionID: versionID), request, on: name(key, versionID: versionID))
      .response.header("x-amz-version-id")
  }
}
