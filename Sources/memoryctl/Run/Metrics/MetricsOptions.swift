// SPDX-License-Identifier: Apache-2.0
import AWS
import ArgumentParser
import AuditCore
import Files
import Signing

/// Where a run's metrics go.
struct MetricsOptions: ParsableArguments {
  @Option(help: "File for the run's metrics, as node_exporter's textfile collector reads them [AUDIT_METRICS_FILE].")
  var metricsFile: String?

  @Option(help: "URL of a Prometheus Pushgateway that gets them [AUDIT_PUSHGATEWAY_URL].")
  var pushgateway: String?

  /// - Throws: before the run does anything, where they could never get there.
  func destinations(_ environment: Environment) throws -> MetricsDestinations {
    let file = try metricsFile ?? environment.value("AUDIT_METRICS_FILE")
    if let file { try Self.check(file, metricsFile == nil ? "AUDIT_METRICS_FILE" : "--metrics-file") }
    guard let url = try pushgateway ?? environment.value("AUDIT_PUSHGATEWAY_URL"), !url.isEmpty else {
      return MetricsDestinations(file: file, pushgateway: nil)
    }
    let endpoint = try Endpoint(url, from: pushgateway == nil ? "AUDIT_PUSHGATEWAY_URL" : "--pushgateway")
    return MetricsDestinations(file: file, pushgateway: Pushgateway(endpoint))
  }

  private static func check(_ file: String, _ place: String) throws {
    guard file.hasSuffix(".prom") else {
      throw Failure(
        .configuration, "its name does not end in .prom", on: place,
        remedy: "node_exporter reads no other files: write DIRECTORY/memoryctl-archive.prom, a file for each job")
    }
    do { _ = try MetricsDestinations.earlier(file) } catch {
      throw Failure(
        .configuration, "\(error)", on: place, remedy: "name a file that this user can write", cause: error)
    }
  }
}

/// Where a run's metrics go, checked.
struct MetricsDestinations {
  let file: String?
  let pushgateway: Pushgateway?

  private static let largestFile = 1 << 20

  /// Sends them there. That they do not arrive changes nothing about the run: who watches misses them and calls.
  func send(_ measures: JobMeasures, _ end: JobEnd, _ console: Console) {
    if let file {
      do {
        let text = measures.text(of: end, earlier: try Self.earlier(file))
        try File.replace(file, with: Array(text.utf8))
      } catch { console.warn("the metrics could not be written: \(error)") }
    }
    if let pushgateway {
      do throws(Failure) { try pushgateway.push(measures.text(of: end), end) } catch {
        console.warn("the metrics could not be pushed: \(error)")
      }
    }
  }

  /// What the last run left; nothing where there is no such file.
  static func earlier(_ file: String) throws -> String {
    do throws(FileError) {
      return String(decoding: try File.contents(file, limit: largestFile) ?? [], as: UTF8.self)
    } catch {
      guard error.isMissing else { throw error }
      return ""
    }
  }
}
