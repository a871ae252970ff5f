// SPDX-License-Identifier: Apache-2.0
internal import AWS
internal import XML

extension S3Client {
  /// Bytes that a page of a list has at most: 1,000 keys of 1,024 bytes, each of which may be escaped.
  private static let pageLimit = 8 << 20

  /// Every version and delete marker of the keys that begin with `prefix` (ListObjectVersions).
  ///
  /// - Returns: in the server's order: by key, the newest first.
  public func listVersions(prefix: String) throws(S3Error) -> [S3ObjectVersion] {
    var found: [S3ObjectVersion] = []
    var next: VersionMarker? = VersionMarker()
    while let marker = next {
      let page = try versions(prefix, after: marker)
      found += page.versions
      next = page.next
    }
    return found
  }

  /// The same page by page, of up to 1,000 entries, so that a long list needs no memory.
  ///
  /// - Throws: ``S3Error``, or what `onPage` threw, which ends the listing.
  public func listVersions(prefix: String, onPage: ([S3ObjectVersion]) throws -> Void) throws {
    var next: VersionMarker? = VersionMarker()
    while let marker = next {
      let page = try versions(prefix, after: marker)
      try onPage(page.versions)
      next = page.next
    }
  }

  /// Every object whose key begins with `prefix`, by its newest version (ListObjectsV2): for buckets without versions.
  ///
  /// - Returns: by key.
  public func list(prefix: String) throws(S3Error) -> [S3Object] {
    var found: [S3Object] = []
    var token: String?
    repeat {
      let page = try objects(prefix, after: token)
      found += page.objects
      token = page.next
    } while token != nil
    return found
  }

  /// Where a page ends, and the next one begins.
  private struct VersionMarker: Equatable {
    var key: String?
    var versionID: String?
  }

  private func versions(
    _ prefix: String, after marker: VersionMarker
  ) throws(S3Error) -> (versions: [S3ObjectVersion], next: VersionMarker?) {
    var request = listRequest("versions", nil, prefix)
    if let key = marker.key { request.ask("key-marker", key) }
    if let versionID = marker.versionID { request.ask("version-id-marker", versionID) }
    let answer = try send(S3Operation.listVersions, request, on: name(prefix), limit: Self.pageLimit)
    do throws(AnswerFault) {
      let page = try ListingPage(answer.body, root: "ListVersionsResult")
      let versions = try page.versions(below: prefix)
      guard page.isTruncated else { return (versions, nil) }
      let next = VersionMarker(
        key: try page.key(page.root, "NextKeyMarker"),
        versionID: page.root.text(at: "NextVersionIdMarker").flatMap { $0.isEmpty ? nil : $0 })
      // A page that leads back to itself would be read for ever.
      guard next.key != nil, next != marker else { throw AnswerFault("a list that does not go on") }
      return (versions, next)
    } catch { throw badAnswer(S3Operation.listVersions, error.reason, on: name(prefix)) }
  }

  private func listRequest(_ name: String, _ value: String?, _ prefix: String) -> S3Request {
    var request = S3Request("GET")
    request.ask(name, value)
    request.ask("encoding-type", "url")
    request.ask("prefix", prefix)
    if let pageEntries { request.ask("max-keys", "\(pageEntries)") }
    return request
  }

  private func objects(_ prefix: String, after token: String?) throws(S3Error) -> (objects: [S3Object], next: String?) {
    var request = listRequest("list-type", "2", prefix)
    if let token { request.ask("continuation-token", token) }
    let answer = try send(S3Operation.list, request, on: name(prefix), limit: Self.pageLimit)
    do throws(AnswerFault) {
      let page = try ListingPage(answer.body, root: "ListBucketResult")
      let objects = try page.objects(below: prefix)
      guard page.isTruncated else { return (objects, nil) }
      guard let next = page.root.text(at: "NextContinuationToken"), next != token else {
        throw AnswerFault("a list that does not go on")
      }
      return (objects, next)
    } catch { throw badAnswer(S3Operation.list, error.reason, on: name(prefix)) }
  }
}
