// SPDX-License-Identifier: Apache-2.0
internal import Foundation
internal import Glibc
internal import HTTPTransport

/// An S3 server of a test's own: SeaweedFS, on free ports of 127.0.0.1.
///
/// It ends with this object or with the test process, whichever comes first and however that ends, and its files with it.
public final class SeaweedS3: Sendable {
  /// The server that all tests of this process share; each makes itself a bucket in it.
  public static func shared() throws -> SeaweedS3 { try sharedServer.get() }
  private static let sharedServer = Result { try SeaweedS3() }

  /// Whether tests that need a server are to run. In CI they always are: a skip there would hide a missing server.
  public static let isUsable = ProcessInfo.processInfo.environment["CI"] != nil || (try? program()) != nil

  public let accessKey = "test-access-key"
  public let secretKey = "test-secret-key"
  public let region = "us-east-1"
  public let port: Int
  /// Where it speaks TLS; nil where it has no certificate.
  public let tlsPort: Int?
  /// Buckets are also labels in front of this host, which resolves to loopback as all names below `localhost` do.
  public static let domain = "s3.localhost"
  /// Holds `data`, `ids.json` and `log`.
  public let directory: String
  private let process: ServerProcess

  /// Starts a server without buckets.
  ///
  /// - Parameter certificate: what it speaks TLS with, on a port of its own.
  public init(certificate: TestCertificates.Pair? = nil) throws {
    let program = try Self.program()
    directory = try TemporaryDirectory.make("seaweed")
    do {
      let ports: [Int]
      (process, ports) = try Self.start(program, directory, [accessKey, secretKey], certificate)
      port = ports[3]
      tlsPort = certificate.map { _ in ports[8] }
    } catch {
      try? FileManager.default.removeItem(atPath: directory)
      throw error
    }
  }

  deinit { process.stop() }

  /// `http://127.0.0.1:port`, without a slash at the end.
  public var url: String { "http://127.0.0.1:\(port)" }

  /// Stops the server at once, as a crash would, and removes its files.
  public func stop() { process.stop() }

  /// What the server wrote to its log.
  public var log: String { Self.log(directory) }

  private static func log(_ directory: String) -> String {
    String(decoding: FileManager.default.contents(atPath: directory + "/log") ?? Data(), as: UTF8.self)
  }

  /// `weed` of the package's own Python environment, or of `PATH`.
  private static func program() throws -> String {
    let package = URL(fileURLWithPath: Fixtures.directory).deletingLastPathComponent().deletingLastPathComponent().path
    let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
    let places = ["\(package)/.venv/bin"] + path.split(separator: ":").map(String.init)
    let found = places.map { $0 + "/weed" }.first { FileManager.default.isExecutableFile(atPath: $0) }
    guard let found else {
      throw TestSupportError("there is no SeaweedFS here; scripts/dependencies test installs it in .venv")
    }
    return found
  }

  private static func start(
    _ program: String, _ directory: String, _ keys: [String], _ certificate: TestCertificates.Pair?
  ) throws -> (ServerProcess, ports: [Int]) {
    try FileManager.default.createDirectory(atPath: directory + "/data", withIntermediateDirectories: false)
    let identities = """
      {"identities": [{"name": "test", "actions": ["Admin", "Read", "Write", "List", "Tagging"],
        "credentials": [{"accessKey": "\(keys[0])", "secretKey": "\(keys[1])"}]}]}
      """
    try Data(identities.utf8).write(to: URL(fileURLWithPath: directory + "/ids.json"))
    for _ in 0..<5 {
      // Each service has two ports: HTTP, and gRPC for the others of the server.
      let ports = try Socket.freePorts(9)
      // Sockets that it makes there whatever it is told, and leaves behind when it is killed.
      let services = ["master", "volume", "filer", "s3"]
      let sockets = zip(services, ports[4..<8]).map { "/tmp/seaweedfs-\($0)-grpc-\($1).sock\n" }.joined()
      try Data(sockets.utf8).write(to: URL(fileURLWithPath: directory + "/leftovers"))
      // Told to end, it takes a quarter of a minute.
      let process = try ServerProcess.watch(
        directory, command: [program] + arguments(directory, ports, certificate), signal: "KILL")
      if try waitUntilReady(ports[3], directory) { return (process, ports) }
      process.stop(keepingFiles: true)  // somebody else took a port meanwhile
    }
    throw TestSupportError("SeaweedFS did not start: \(log(directory).suffix(4000))")
  }

  private static func arguments(
    _ directory: String, _ ports: [Int], _ certificate: TestCertificates.Pair?
  ) -> [String] {
    var arguments = [
      "server", "-dir=\(directory)/data", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-master.volumeSizeLimitMB=256",
      // Each bucket takes seven volumes, which are empty at first.
      "-volume.max=1000", "-volume.preStopSeconds=0", "-s3", "-s3.config=\(directory)/ids.json",
      "-master.telemetry=false",
      // Catalogues of tables, on ports that are always the same.
      "-s3.port.iceberg=0", "-s3.port.lance=0",
      // By default sockets in /tmp, which would stay there.
      "-s3.localSocket=\(directory)/s3.sock", "-filer.localSocket=\(directory)/filer.sock",
    ]
    for (index, service) in ["master", "volume", "filer", "s3"].enumerated() {
      arguments.append("-\(service).port=\(ports[index])")
      arguments.append("-\(service).port.grpc=\(ports[index + 4])")
    }
    arguments.append("-s3.domainName=\(domain)")
    if let certificate {
      arguments += [
        "-s3.port.https=\(ports[8])", "-s3.cert.file=\(certificate.certificate)", "-s3.key.file=\(certificate.key)",
      ]
    }
    return arguments
  }

  /// - Returns: false when it ended by itself.
  private static func waitUntilReady(_ port: Int, _ directory: String) throws -> Bool {
    let client = HTTPClient(HTTPSettings(connectTimeout: 5, totalTimeout: 5, proxy: .none))
    for _ in 0..<1200 {
      // Without a signature it is refused, by the S3 service and once that knows its identities.
      let answer = try? client.send(HTTPRequest(method: "GET", url: "http://127.0.0.1:\(port)/"), limit: 1 << 20)
      if answer?.0.status == 403 { return true }
      if log(directory).contains("address already in use") { return false }
      usleep(50_000)
    }
    throw TestSupportError("SeaweedFS does not answer: \(log(directory).suffix(4000))")
  }
}
