// SPDX-License-Identifier: Apache-2.0
import AuditCore
import HTTPTransport
import S3Client
import TestSupport
import Testing

@Suite("Lists")
struct ListTests {
  let server: FaultServer
  let site: Site
  var client: S3Client { site.client }

  init() throws {
    server = try FaultServer()
    site = try Site(server)
  }

  private static func version(
    _ key: String, _ id: String, latest: Bool = true, size: String? = "5", time: String = "2026-11-23T02:00:00.000Z"
  ) -> String {
    let more = size.map { "<ETag>&quot;e&quot;</ETag><Size>\($0)</Size><StorageClass>STANDARD</StorageClass>" }
    let name = size == nil ? "DeleteMarker" : "Version"
    return """
      <\(name)><Key>\(key)</Key><VersionId>\(id)</VersionId><IsLatest>\(latest)</IsLatest>\
      <LastModified>\(time)</LastModified>\(more ?? "")<Owner><ID>o</ID></Owner></\(name)>
      """
  }

  private static func page(_ entries: String..., encoding: String? = "url", next: String? = nil) -> String {
    """
    <?xml version="1.0" encoding="UTF-8"?>
    <ListVersionsResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>bucket</Name>\
    \(encoding.map { "<EncodingType>\($0)</EncodingType>" } ?? "")\
    <IsTruncated>\(next != nil)</IsTruncated>\(next ?? "")\(entries.joined())</ListVersionsResult>
    """
  }

  private func answer(_ texts: String...) {
    for (index, text) in texts.enumerated() {
      server.inject(.answer(ServedResponse(200, text: text)), nth: index == 0 ? 1 : index + 1)
    }
  }

  private func listed() throws(S3Error) -> [String] {
    try client.listVersions(prefix: "p/").map { "\($0.key) \($0.versionID)\($0.isDeleteMarker ? " deleted" : "")" }
  }

  @Test("pages are joined in the server's order, markers among versions, and keys decoded")
  func pages() throws {
    answer(
      Self.page(
        Self.version("p/a+b%2Bc", "v2", size: nil), Self.version("p/a+b%2Bc", "v1", latest: false),
        Self.version("p/%C3%BC", "null"),
        next: "<NextKeyMarker>p/%C3%BC+%26</NextKeyMarker><NextVersionIdMarker>v+1/&amp;</NextVersionIdMarker>"),
      Self.page(Self.version("p//../z", "v9", time: "2026-11-23T02:00:00.123456789Z")))
    let versions = try client.listVersions(prefix: "p/")
    #expect(versions.map(\.key) == ["p/a b+c", "p/a b+c", "p/ü", "p//../z"])
    #expect(versions.map(\.versionID) == ["v2", "v1", "null", "v9"])
    #expect(versions.map(\.isDeleteMarker) == [true, false, false, false])
    #expect(versions.map(\.isLatest) == [true, false, true, true])
    #expect(versions.map(\.bytes) == [0, 5, 5, 5])
    #expect(versions[1].etag == "\"e\"" && versions[1].storageClass == "STANDARD" && versions[0].etag == nil)
    #expect(versions[3].modified.iso == "2026-11-23T02:00:00.123456Z")
    #expect(
      server.requests.map(\.target) == [
        "/bucket?versions&encoding-type=url&prefix=p%2F",
        "/bucket?versions&encoding-type=url&prefix=p%2F&key-marker=p%2F%C3%BC%20%26&version-id-marker=v%2B1%2F%26",
      ])
  }

  @Test("keys are taken as they are where the server does not encode them")
  func unencoded() throws {
    answer(Self.page(Self.version("p/a+b%20", "v", size: nil), encoding: nil))
    #expect(try listed() == ["p/a+b%20 v deleted"])
  }

  @Test("a list of nothing")
  func nothing() throws {
    answer(Self.page())
    #expect(try listed() == [])
  }

  @Test("the caller's own error ends the listing, and comes through")
  func stopped() throws {
    struct Enough: Error {}
    answer(Self.page(Self.version("p/a", "v"), next: "<NextKeyMarker>p/a</NextKeyMarker>"))
    #expect(throws: Enough.self) { try client.listVersions(prefix: "p/") { _ in throw Enough() } }
    #expect(server.requests.count == 1)
  }

  static let bad: [(name: String, text: String)] = [
    ("no XML", "hello"), ("HTML", "<html><body>login</body></html>"), ("nothing", ""),
    ("cut off", "<ListVersionsResult>"),
    ("another document", "<ListBucketResult></ListBucketResult>"),
    ("a bomb", "<!DOCTYPE a [<!ENTITY b \"c\">]><ListVersionsResult>&b;</ListVersionsResult>"),
    ("a key outside of the prefix", page(version("q/a", "v"))),
    ("no key", page("<Version><VersionId>v</VersionId></Version>")),
    ("no version id", page("<Version><Key>p/a</Key><IsLatest>true</IsLatest></Version>")),
    ("a negative size", page(version("p/a", "v", size: "-1"))), ("no size", page(version("p/a", "v", size: ""))),
    ("no time", page(version("p/a", "v", time: "now"))), ("a broken escape", page(version("p/%zz", "v"))),
    ("no UTF-8", page(version("p/%ff", "v"))), ("no end and no marker", page(version("p/a", "v"), next: "")),
    ("deep", String(repeating: "<a>", count: 100)),
  ]

  @Test("what is no list is refused", arguments: bad)
  func refused(row: (name: String, text: String)) throws {
    server.inject(.answer(ServedResponse(200, text: row.text)), times: .max)
    let error = try failure(listed)
    #expect(error.kind == .badAnswer && error.failure.status == .unavailable, "\(error)")
    #expect(error.description.contains("ListObjectVersions"))
  }

  @Test("a page that leads back to itself ends the listing")
  func endless() throws {
    let page = Self.page(Self.version("p/a", "v"), next: "<NextKeyMarker>p/a</NextKeyMarker>")
    server.inject(.answer(ServedResponse(200, text: page)), times: .max)
    #expect(try failure(listed).kind == .badAnswer)
    #expect(server.requests.count == 2)
  }

  @Test("a page has its bounds")
  func tooLarge() throws {
    answer(Self.page(Self.version("p/" + String(repeating: "a", count: 9 << 20), "v")))
    #expect(try failure(listed).kind == .tooLarge)
    answer(Self.page(String(repeating: "<CommonPrefixes/>", count: 60_000)))
    server.removeFaults()
    server.inject(.answer(ServedResponse(200, text: Self.page(String(repeating: "<x/>", count: 60_000)))))
    #expect(try failure(listed).kind == .badAnswer)
  }

  @Test("an error in the place of a list: waited for where it passes")
  func errors() throws {
    server.inject(.answer(.error(200, "InternalError")))
    server.inject(.answer(.error(503, "SlowDown")), nth: 2)
    server.inject(.answer(ServedResponse(200, text: Self.page(Self.version("p/a", "v")))), nth: 3)
    #expect(try listed() == ["p/a v"])
    #expect(server.requests.count == 3)
  }

  @Test("a list that is cut off is asked for again")
  func truncated() throws {
    let response = ServedResponse(200, text: Self.page(Self.version("p/a", "v")))
    let server = try FaultServer { _ in response }
    server.inject(.truncate(after: 100))
    #expect(try Site(server).client.listVersions(prefix: "p/").map(\.key) == ["p/a"])
    #expect(server.requests.count == 2)
  }

  @Test("objects of a bucket without versions, in pages")
  func objects() throws {
    func page(_ key: String, next: String?) -> String {
      """
      <ListBucketResult><EncodingType>url</EncodingType><IsTruncated>\(next != nil)</IsTruncated>\
      \(next.map { "<NextContinuationToken>\($0)</NextContinuationToken>" } ?? "")\
      <Contents><Key>\(key)</Key><LastModified>2026-11-23T02:00:00.000Z</LastModified><Size>7</Size></Contents>\
      </ListBucketResult>
      """
    }
    answer(page("p/a+b", next: "t/1+="), page("p/c", next: nil))
    let objects = try client.list(prefix: "p/")
    #expect(objects.map(\.key) == ["p/a b", "p/c"] && objects.map(\.bytes) == [7, 7])
    #expect(
      server.requests.map(\.target) == [
        "/bucket?list-type=2&encoding-type=url&prefix=p%2F",
        "/bucket?list-type=2&encoding-type=url&prefix=p%2F&continuation-token=t%2F1%2B%3D",
      ])
    server.inject(.answer(ServedResponse(200, text: page("p/a", next: "same"))), times: .max)
    #expect(try failure { () throws(S3Error) in try client.list(prefix: "p/") }.kind == .badAnswer)
  }
}
