// SPDX-License-Identifier: Apache-2.0
import Testing

/// What a site applies, rendered.
enum Overlay: String, CaseIterable, CustomTestStringConvertible {
  case awsIRSA = "aws-irsa"
  case s3Compatible = "s3-compatible"
  case drillStaging = "drill-staging"

  var testDescription: String { rawValue }
  var folder: String { Repository.path("k8s/overlays/\(rawValue)") }

  private static let rendered = Dictionary(
    uniqueKeysWithValues: allCases.map { overlay in
      (overlay, Result { try KubernetesTools.render(overlay.folder) })
    })

  func text() throws -> String { try #require(Self.rendered[self]).get() }

  func resources() throws -> [Resource] { try YAML.documents(try text()).map(Resource.init) }

  func resources(_ kind: String) throws -> [Resource] { try resources().filter { $0.kind == kind } }

  /// All that runs pods.
  func workloads() throws -> [Workload] {
    let resources = try resources()
    return resources.compactMap { Workload($0, beside: resources) }
  }

  func workload(_ name: String) throws -> Workload {
    try #require(try workloads().first { $0.name == name }, "\(rawValue) has no \(name)")
  }
}

/// One object of the cluster.
struct Resource {
  let yaml: YAML

  init(_ yaml: YAML) { self.yaml = yaml }

  var kind: String { yaml["kind"].string ?? "" }
  var name: String { yaml["metadata"]["name"].string ?? "" }
  var labels: [String: String] { yaml["metadata"]["labels"].textMap }
  var spec: YAML { yaml["spec"] }
  /// Of custom resources the schemas know nothing.
  var isCustom: Bool { yaml["apiVersion"].string == "monitoring.coreos.com/v1" }
}

/// A job or a server, with its pod and what its variables come to.
struct Workload {
  let resource: Resource
  /// Nil for a server.
  let job: YAML?
  let template: YAML
  /// Of its own and of its ConfigMap; those that the cluster sets have no value.
  let variables: [String: String?]
  /// The ConfigMaps beside it.
  private let maps: [String: YAML]

  init?(_ resource: Resource, beside all: [Resource]) {
    self.resource = resource
    switch resource.kind {
    case "CronJob": job = resource.spec["jobTemplate"]["spec"]
    case "Deployment": job = nil
    default: return nil
    }
    template = (job ?? resource.spec)["template"]
    let named = all.filter { $0.kind == "ConfigMap" }.map { ($0.name, $0.yaml["data"]) }
    let maps = Dictionary(uniqueKeysWithValues: named)
    let container = template["spec"]["containers"].list.first ?? .null
    var variables: [String: String?] = [:]
    for source in container["envFrom"].list {
      let name = source["configMapRef"]["name"].string ?? ""
      for (variable, value) in maps[name]?.textMap ?? [:] { variables[variable] = value }
    }
    for entry in container["env"].list {
      variables.updateValue(entry["value"].string, forKey: entry["name"].string ?? "")
    }
    self.variables = variables
    self.maps = maps
  }

  var name: String { resource.name }
  var pod: YAML { template["spec"] }
  var labels: [String: String] { template["metadata"]["labels"].textMap }
  var containers: [YAML] { pod["containers"].list }
  var container: YAML { containers.first ?? .null }
  var arguments: [String] { container["args"].strings }
  var serviceAccount: String? { pod["serviceAccountName"].string }

  /// The volume that a path lies in.
  func volume(of path: String) -> YAML? {
    let mount = container["volumeMounts"].list.first { path.hasPrefix(($0["mountPath"].string ?? "-") + "/") }
    return volume(named: mount?["name"].string)
  }

  func volume(named name: String?) -> YAML? { pod["volumes"].list.first { $0["name"].string == name } }

  /// The files of a volume that a ConfigMap fills.
  func files(of volume: YAML) -> [String: String] { maps[volume["configMap"]["name"].string ?? ""]?.textMap ?? [:] }
}
