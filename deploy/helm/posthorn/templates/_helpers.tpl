{{/* The name of everything in this release. */}}
{{- define "posthorn.fullname" -}}
{{- if contains "posthorn" .Release.Name -}}{{ .Release.Name | trunc 50 | trimSuffix "-" }}{{- else -}}{{ printf "%s-posthorn" .Release.Name | trunc 50 | trimSuffix "-" }}{{- end -}}
{{- end }}

{{/* Call with (dict "root" $ "component" "api"). */}}
{{- define "posthorn.selector" -}}
app.kubernetes.io/name: posthorn
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{- define "posthorn.labels" -}}
{{ include "posthorn.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{- end }}

{{- define "posthorn.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}{{ .repository }}@{{ .digest }}{{- else -}}{{ .repository }}:{{ .tag | default $.Chart.AppVersion }}{{- end -}}
{{- end -}}
{{- end }}

{{- define "posthorn.secretEnv" -}}
- name: {{ .name }}
  valueFrom:
    secretKeyRef:
      name: {{ .secret }}
      key: {{ .key }}
{{- end }}

{{/* Call with (dict "root" $ "component" "api"). */}}
{{- define "posthorn.env" -}}
{{- $values := .root.Values -}}
{{- $secret := $values.secret -}}
{{ include "posthorn.secretEnv" (dict "name" "DATABASE_URL" "secret" $secret.name "key" $secret.keys.databaseUrl) }}
{{ include "posthorn.secretEnv" (dict "name" "POSTHORN_MASTER_KEY" "secret" $secret.name "key" $secret.keys.masterKey) }}
{{- if eq .component "api" }}
{{ include "posthorn.secretEnv" (dict "name" "POSTHORN_API_KEY" "secret" $secret.name "key" $secret.keys.apiKey) }}
{{- end }}
{{- with $secret.keys.temporalApiKey }}
{{ include "posthorn.secretEnv" (dict "name" "TEMPORAL_API_KEY" "secret" $secret.name "key" .) }}
{{- end }}
{{- range $name, $key := $secret.more }}
{{ include "posthorn.secretEnv" (dict "name" $name "secret" $secret.name "key" $key) }}
{{- end }}
- name: POSTHORN_PUBLIC_URL
  value: {{ $values.publicUrl | quote }}
- name: TEMPORAL_ADDRESS
  value: {{ $values.temporal.address | quote }}
- name: TEMPORAL_NAMESPACE
  value: {{ $values.temporal.namespace | quote }}
{{- with $values.temporal.uiUrl }}
- name: TEMPORAL_UI_URL
  value: {{ . | quote }}
{{- end }}
{{- with $values.temporal.tls }}
{{- if .secretName }}
- name: TEMPORAL_TLS_CERT
  value: /etc/posthorn/temporal/tls.crt
- name: TEMPORAL_TLS_KEY
  value: /etc/posthorn/temporal/tls.key
{{- if .hasCa }}
- name: TEMPORAL_TLS_CA
  value: /etc/posthorn/temporal/ca.crt
{{- end }}
{{- end }}
{{- with .serverName }}
- name: TEMPORAL_TLS_SERVER_NAME
  value: {{ . | quote }}
{{- end }}
{{- end }}
{{- if eq .component "worker" }}
- name: POSTHORN_METRICS_PORT
  value: {{ $values.worker.metricsPort | quote }}
{{- end }}
{{- range $name, $value := $values.config }}
- name: {{ $name }}
  value: {{ $value | quote }}
{{- end }}
{{- end }}

{{- define "posthorn.securityContext" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}

{{/* What all pods share. Call with (dict "root" $ "component" "api"). */}}
{{- define "posthorn.pod" -}}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  # the user `node` of the image
  runAsUser: 1000
  runAsGroup: 1000
  fsGroup: 1000
  seccompProfile:
    type: RuntimeDefault
{{- with .root.Values.imagePullSecrets }}
imagePullSecrets: {{ toYaml . | nindent 2 }}
{{- end }}
volumes:
  - name: tmp
    emptyDir: { sizeLimit: 256Mi }
{{- with .root.Values.temporal.tls.secretName }}
  - name: temporal-tls
    secret:
      secretName: {{ . }}
      defaultMode: 0440
{{- end }}
{{- with .root.Values.extraVolumes }}
{{ toYaml . | indent 2 }}
{{- end }}
{{- end }}

{{- define "posthorn.mounts" -}}
- name: tmp
  mountPath: /tmp
{{- if .Values.temporal.tls.secretName }}
- name: temporal-tls
  mountPath: /etc/posthorn/temporal
  readOnly: true
{{- end }}
{{- with .Values.extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* Spreads the pods of a component. Call with (dict "root" $ "component" "api"). */}}
{{- define "posthorn.placement" -}}
{{- $values := index .root.Values .component -}}
topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: kubernetes.io/hostname
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels: {{ include "posthorn.selector" . | nindent 8 }}
{{- with $values.nodeSelector }}
nodeSelector: {{ toYaml . | nindent 2 }}
{{- end }}
{{- with $values.tolerations }}
tolerations: {{ toYaml . | nindent 2 }}
{{- end }}
{{- with $values.affinity }}
affinity: {{ toYaml . | nindent 2 }}
{{- end }}
{{- end }}
