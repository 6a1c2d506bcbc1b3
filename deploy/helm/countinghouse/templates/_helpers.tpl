{{/* Names and labels. */}}
{{- define "house.name" -}}
{{- printf "%s" .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- end }}

{{- define "house.labels" -}}
app.kubernetes.io/name: countinghouse
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{/* What selects the pods of one process: list root process. */}}
{{- define "house.selector" -}}
app.kubernetes.io/name: countinghouse
app.kubernetes.io/instance: {{ (index . 0).Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end }}

{{- define "house.image" -}}
{{- $image := .Values.image -}}
{{- if $image.digest -}}
{{ $image.repository }}@{{ $image.digest }}
{{- else -}}
{{ $image.repository }}:{{ $image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end }}

{{/* The pod of every process. Arguments: root, name, command, args, resources, and by wish port,
     probes (livez path served on the port), metrics (its port), multiprocess, env, grace. */}}
{{- define "house.pod" -}}
{{- $root := .root -}}
{{- $house := $root.Values -}}
metadata:
  labels:
    {{- include "house.labels" $root | nindent 4 }}
    app.kubernetes.io/component: {{ .name }}
  annotations:
    checksum/settings: {{ include (print $root.Template.BasePath "/settings.yaml") $root | sha256sum }}
    {{- if eq $house.credentials.from "vaultAgent" }}
    vault.hashicorp.com/agent-inject: "true"
    vault.hashicorp.com/agent-pre-populate-only: "true"
    vault.hashicorp.com/role: {{ $house.credentials.vaultAgent.role | quote }}
    vault.hashicorp.com/agent-inject-secret-house: {{ $house.credentials.vaultAgent.path | quote }}
    vault.hashicorp.com/agent-inject-template-house: |
      {{ printf "{{- with secret %q -}}{{ range $key, $value := .Data.data }}export {{ $key }}='{{ $value }}'{{ \"\\n\" }}{{ end }}{{ end }}" $house.credentials.vaultAgent.path }}
    {{- end }}
spec:
  {{- with $house.imagePullSecrets }}
  imagePullSecrets:
    {{- range . }}
    - name: {{ . }}
    {{- end }}
  {{- end }}
  serviceAccountName: {{ include "house.name" $root }}
  # The Vault agent signs in with the pod's own token; nothing else here speaks to Kubernetes.
  automountServiceAccountToken: {{ eq $house.credentials.from "vaultAgent" }}
  enableServiceLinks: false
  terminationGracePeriodSeconds: {{ $house.terminationGraceSeconds }}
  {{- with .restartPolicy }}
  restartPolicy: {{ . }}
  {{- end }}
  securityContext:
    runAsNonRoot: true
    runAsUser: 10001
    runAsGroup: 10001
    fsGroup: 10001
    seccompProfile: {type: RuntimeDefault}
  {{- if not .restartPolicy }}
  topologySpreadConstraints:
    - maxSkew: 1
      topologyKey: topology.kubernetes.io/zone
      whenUnsatisfiable: ScheduleAnyway
      labelSelector:
        matchLabels:
          {{- include "house.selector" (list $root .name) | nindent 10 }}
    - maxSkew: 1
      topologyKey: kubernetes.io/hostname
      whenUnsatisfiable: ScheduleAnyway
      labelSelector:
        matchLabels:
          {{- include "house.selector" (list $root .name) | nindent 10 }}
  {{- end }}
  {{- with $house.nodeSelector }}
  nodeSelector: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $house.tolerations }}
  tolerations: {{- toYaml . | nindent 4 }}
  {{- end }}
  containers:
    - name: {{ .name }}
      image: {{ include "house.image" $root }}
      imagePullPolicy: {{ $house.image.pullPolicy }}
      {{- if eq $house.credentials.from "vaultAgent" }}
      command: ["/bin/sh", "-c", ". /vault/secrets/house && exec \"$@\"", "--"]
      {{- else }}
      command: []
      {{- end }}
      args: {{- toYaml .args | nindent 8 }}
      envFrom:
        - configMapRef: {name: {{ include "house.name" $root }}-settings}
        {{- if ne $house.credentials.from "vaultAgent" }}
        - secretRef: {name: {{ $house.credentials.secretName }}}
        {{- end }}
      env:
        - name: TMPDIR
          value: /tmp
        {{- if .multiprocess }}
        - name: PROMETHEUS_MULTIPROC_DIR
          value: /metrics
        {{- end }}
        {{- with .env }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      {{- if or .port .metrics }}
      ports:
        {{- with .port }}
        - {name: http, containerPort: {{ . }}}
        {{- end }}
        {{- with .metrics }}
        - {name: metrics, containerPort: {{ . }}}
        {{- end }}
      {{- end }}
      {{- if .port }}
      # Alive is the process; ready is the process with its database. A database that is away takes
      # pods out of the service and kills none.
      startupProbe:
        httpGet: {path: /livez, port: http}
        periodSeconds: 2
        failureThreshold: 60
      livenessProbe:
        httpGet: {path: /livez, port: http}
        periodSeconds: 10
        timeoutSeconds: 3
        failureThreshold: 6
      readinessProbe:
        httpGet: {path: /healthz, port: http}
        periodSeconds: 5
        timeoutSeconds: 3
        failureThreshold: 2
      # The service forgets the pod before the pod stops listening.
      lifecycle:
        preStop: {sleep: {seconds: 5}}
      {{- else if .metrics }}
      livenessProbe:
        httpGet: {path: /metrics, port: metrics}
        initialDelaySeconds: 20
        periodSeconds: 20
        timeoutSeconds: 10
        failureThreshold: 6
      {{- end }}
      resources: {{- toYaml .resources | nindent 8 }}
      securityContext:
        allowPrivilegeEscalation: false
        readOnlyRootFilesystem: true
        capabilities: {drop: [ALL]}
      volumeMounts:
        - {name: tmp, mountPath: /tmp}
        {{- if .multiprocess }}
        - {name: metrics, mountPath: /metrics}
        {{- end }}
  volumes:
    - name: tmp
      emptyDir: {sizeLimit: 256Mi}
    {{- if .multiprocess }}
    - name: metrics
      emptyDir: {medium: Memory, sizeLimit: 32Mi}
    {{- end }}
{{- end }}

{{/* A process that is scaled by its number of pods alone: root, name, replicas, pod. */}}
{{- define "house.deployment" -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "house.name" .root }}-{{ .name }}
  labels:
    {{- include "house.labels" .root | nindent 4 }}
    app.kubernetes.io/component: {{ .name }}
  annotations:
    argocd.argoproj.io/sync-wave: "1"
spec:
  {{- with .replicas }}
  replicas: {{ . }}
  {{- end }}
  revisionHistoryLimit: 3
  strategy:
    {{- if .recreate }}
    type: Recreate
    {{- else }}
    type: RollingUpdate
    rollingUpdate: {maxUnavailable: 0, maxSurge: 1}
    {{- end }}
  selector:
    matchLabels:
      {{- include "house.selector" (list .root .name) | nindent 6 }}
  template:
    {{- include "house.pod" . | nindent 4 }}
{{- end }}

{{/* At most one pod of a process away by will: root, name. */}}
{{- define "house.budget" -}}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {{ include "house.name" .root }}-{{ .name }}
  labels:
    {{- include "house.labels" .root | nindent 4 }}
spec:
  maxUnavailable: 1
  selector:
    matchLabels:
      {{- include "house.selector" (list .root .name) | nindent 6 }}
{{- end }}

{{/* By processor time: root, name, kind, apiVersion, scaling. */}}
{{- define "house.scaler" -}}
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: {{ include "house.name" .root }}-{{ .name }}
  labels:
    {{- include "house.labels" .root | nindent 4 }}
spec:
  scaleTargetRef:
    apiVersion: {{ .apiVersion }}
    kind: {{ .kind }}
    name: {{ include "house.name" .root }}-{{ .name }}
  minReplicas: {{ .scaling.min }}
  maxReplicas: {{ .scaling.max }}
  metrics:
    - type: Resource
      resource:
        name: cpu
        target: {type: Utilization, averageUtilization: {{ .scaling.cpuPercent }}}
  behavior:
    scaleDown:
      stabilizationWindowSeconds: 300
{{- end }}
