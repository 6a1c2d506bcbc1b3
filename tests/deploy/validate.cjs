// Objects as JSON on standard input; on standard output, as JSON, what is wrong with them.
// The argument is the folder of @kubernetes-models.
const { join } = require("node:path");
const { readFileSync } = require("node:fs");

const PACKAGES = {
  "argoproj.io/ApplicationSet": "argo-cd/argoproj.io/v1alpha1/ApplicationSet",
  "argoproj.io/Rollout": "argo-rollouts/argoproj.io/v1alpha1/Rollout",
  "argoproj.io/AnalysisTemplate": "argo-rollouts/argoproj.io/v1alpha1/AnalysisTemplate",
  "keda.sh/ScaledObject": "keda/keda.sh/v1alpha1/ScaledObject",
  "monitoring.coreos.com/PodMonitor": "prometheus-operator/monitoring.coreos.com/v1/PodMonitor",
  "monitoring.coreos.com/PrometheusRule":
    "prometheus-operator/monitoring.coreos.com/v1/PrometheusRule",
  "external-secrets.io/ExternalSecret": "external-secrets/external-secrets.io/v1/ExternalSecret",
};

const complaints = [];
for (const object of JSON.parse(readFileSync(0, "utf8"))) {
  const about = `${object.kind} ${object.metadata.name}`;
  const path = PACKAGES[`${object.apiVersion.split("/")[0]}/${object.kind}`];
  if (!path) {
    complaints.push(`${about}: nobody here knows this kind`);
    continue;
  }
  try {
    const kind = require(join(process.argv[2], path))[object.kind];
    new kind(object).validate();
  } catch (error) {
    complaints.push(`${about}: ${error.message}`);
  }
}
process.stdout.write(JSON.stringify(complaints));
