// SPDX-License-Identifier: Apache-2.0
// Puts one file into a bucket as an archive's bundle is put: upload-bench BUCKET FILE SHA256, by the variables of AWS.
// The digest is given: an archive's comes out of writing the file.
import AWS
import ArchiveStore
import AuditCore
import Crypto
import Files
import Pipeline
import S3Client

let arguments = CommandLine.arguments
guard arguments.count == 4, let digest = Digest(hex: arguments[3]) else {
  throw Failure(.usage, "upload-bench BUCKET FILE SHA256")
}
let environment = Process.environment()
let variables = AWSVariables { (name: String) throws(Failure) in environment[name] }
let (session, http) = try AWSSession.connected(variables, cancellation: Cancellation())
let client = try S3Client(session, over: http, bucket: arguments[1])
let outcome = try client.put(
  "bundle", .file(path: arguments[2], bytes: try FileReader(path: arguments[2]).size), sha256: digest,
  lock: ObjectLock(mode: .compliance, until: Timestamp.now().advanced(bySeconds: 86_400)), legalHold: false,
  ifAbsent: true)
guard case .created = outcome else { throw Failure(.refused, "the object is there") }
