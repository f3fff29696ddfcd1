{{- define "ledgerstone.name" -}}
{{- default .Release.Name .Values.nameOverride | trunc 52 | trimSuffix "-" -}}
{{- end -}}

{{- define "ledgerstone.selector" -}}
app.kubernetes.io/name: ledgerstone
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: {{ .Values.party }}
{{- end -}}

{{- define "ledgerstone.labels" -}}
{{ include "ledgerstone.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end -}}

{{- define "ledgerstone.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "ledgerstone.name" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- required "serviceAccount.name: which one, if the chart makes none?" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "ledgerstone.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ default .Chart.AppVersion .Values.image.tag }}
{{- end -}}
{{- end -}}

{{- define "ledgerstone.file" -}}
{{- if eq .Values.party "archiver" }}ledgerstone.yaml{{ else }}verifier.yaml{{ end -}}
{{- end -}}

{{/* The member of the configuration that the HTTP server has. */}}
{{- define "ledgerstone.member" -}}
{{- if eq .Values.party "archiver" }}server{{ else }}watch{{ end -}}
{{- end -}}

{{/* The whole file. What the chart says of the HTTP server stands over what `config` says. */}}
{{- define "ledgerstone.config" -}}
{{- $http := dict "host" .Values.http.host "port" (int .Values.http.port) -}}
{{- if .Values.http.tokenSecret -}}
{{- $_ := set $http "auth" (dict "tokenFile" "/run/ledgerstone/login/token") -}}
{{- else if .Values.http.public -}}
{{- $_ := set $http "auth" "public" -}}
{{- end -}}
{{- with .Values.http.tls -}}
{{- $tls := dict "certFile" "/run/ledgerstone/tls/tls.crt" "keyFile" "/run/ledgerstone/tls/tls.key" -}}
{{- if .clientCa -}}
{{- $_ := set $tls "clientCaFile" "/run/ledgerstone/tls/ca.crt" -}}
{{- end -}}
{{- $_ := set $http "tls" $tls -}}
{{- end -}}
{{- $config := deepCopy .Values.config -}}
{{- $member := include "ledgerstone.member" . -}}
{{- $_ := set $config $member (merge $http (default dict (get $config $member))) -}}
{{- toYaml $config -}}
{{- end -}}

{{/* limits.drain, and time after it: the last seal's answer, connections, logs. A kill in between costs time and no record. */}}
{{- define "ledgerstone.stopSeconds" -}}
{{- if eq .Values.party "archiver" -}}
{{- $drain := dig "limits" "drain" "25s" .Values.config -}}
{{- $number := regexFind "^[0-9]+" $drain | int -}}
{{- add 30 (ternary (mul 60 $number) $number (hasSuffix "m" $drain)) -}}
{{- else -}}
{{- .Values.verifierStopSeconds -}}
{{- end -}}
{{- end -}}

{{- define "ledgerstone.scheme" -}}
{{- if .Values.http.tls }}HTTPS{{ else }}HTTP{{ end -}}
{{- end -}}

{{- define "ledgerstone.podSecurity" -}}
runAsNonRoot: true
runAsUser: 1000
runAsGroup: 1000
fsGroup: 1000
seccompProfile: { type: RuntimeDefault }
{{- end -}}

{{- define "ledgerstone.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: { drop: [ALL] }
{{- end -}}

{{- define "ledgerstone.env" -}}
{{- with .Values.aws.region }}
- { name: AWS_REGION, value: {{ . | quote }} }
{{- end }}
{{- with .Values.env }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "ledgerstone.mounts" -}}
- { name: config, mountPath: /config, readOnly: true }
- { name: tmp, mountPath: /tmp }
{{- if .Values.http.tokenSecret }}
- { name: login, mountPath: /run/ledgerstone/login, readOnly: true }
{{- end }}
{{- if .Values.http.tls }}
- { name: tls, mountPath: /run/ledgerstone/tls, readOnly: true }
{{- end }}
{{- with .Values.volumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* 288 is 0440: the group of the pods reads them. */}}
{{- define "ledgerstone.volumes" -}}
- { name: config, configMap: { name: {{ include "ledgerstone.name" . }} } }
# The service writes nothing there: it is for commands that somebody runs in the pod.
- { name: tmp, emptyDir: { sizeLimit: 256Mi } }
{{- with .Values.http.tokenSecret }}
- name: login
  secret: { secretName: {{ .name }}, items: [{ key: {{ .key }}, path: token }], defaultMode: 288 }
{{- end }}
{{- with .Values.http.tls }}
- { name: tls, secret: { secretName: {{ .secretName }}, defaultMode: 288 } }
{{- end }}
{{- with .Values.volumes }}
{{ toYaml . }}
{{- end }}
{{- end -}}
