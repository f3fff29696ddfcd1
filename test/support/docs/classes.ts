// Which command blocks of the documentation are run by a test, and which only have to name what exists?

/**
 * - `checkout`: run in this checkout, without a stack (test/e2e/docs-commands.test.ts).
 * - `files`: run in a directory that holds an archive and its key.
 * - `stack`: run on a real stack, in the order of the page. A command that is commented with "until Ctrl-C" gets one.
 * - `aws`: needs an AWS account, Docker, or a configuration of one's own. Every command, option and file of it must exist.
 * - `long`: takes minutes, or runs as a part of the tests anyway. The same holds of it.
 */
export type BlockClass = 'checkout' | 'files' | 'stack' | 'aws' | 'long';

/** By page and the first command of the block. A block that is not here fails the test, and an entry without a block too. */
export const CLASSES: Readonly<Record<string, Readonly<Record<string, BlockClass>>>> = {
  'README.md': {
    'npm ci && npm run demo': 'checkout',
    'npm cit': 'long',
    'npm run stack': 'stack',
  },
  'CONTRIBUTING.md': {
    'npm ci': 'long',
    'npx vitest run --project unit': 'long',
    'LEDGERSTONE_REQUIRE_STACK=1 npx vitest run --project e2e test/e2e/archive.test.ts': 'long',
    'npm run simulate -- --trace 7': 'long',
    'npm run bugs -- hint-is-the-truth': 'long',
    'npm run chaos -- --list': 'long',
    'npx node test/vectors/make-vectors.ts': 'long',
    'npm run schema': 'long',
    'npm run coverage': 'long',
    'npm run release-files -- --check --tag v1.0.0': 'long',
  },
  'SECURITY.md': {
    'npm ci && npm run release-files -- release': 'long',
  },
  'docs/auditors.md': {
    'ledgerstone verify ./archive --key archive.vkey': 'files',
    'ledgerstone verify ./archive --key archive.vkey --json > report.json': 'files',
    'ledgerstone verify ./archive --key archive.vkey --keep archive.checkpoints': 'files',
    'ledgerstone verify ./archive --key archive.vkey --shard 1/2 --out shard-1.json': 'files',
    'ledgerstone verify ./archive --key archive.vkey --checkpoints > today.checkpoints': 'files',
    'ledgerstone verify s3://acme-audit/prod --key archive.vkey --attestations s3://acme-attestations --cosigner verifier.vkey':
      'aws',
    'ledgerstone losses ./archive --key archive.vkey': 'files',
    'ledgerstone status ./archive --key archive.vkey': 'files',
    'ledgerstone get ./archive --topic orders --partition 0 --since-time 2026-03-01 --until-time 2026-04-01 --tz Europe/Berlin --times':
      'files',
    'ledgerstone prove ./archive --topic orders --partition 0 --offset 42 > event.tlog-proof': 'files',
  },
  'docs/copies.md': {
    'ledgerstone copy ./archive ./second --key archive.vkey --lock-until same --by "Ada Byron" --reason "A second place" --receipt copy.json':
      'files',
    'ledgerstone copy s3://acme-audit/prod s3://acme-copy/prod --key archive.vkey --key decisions.vkey --lock-until same --to-region eu-west-1 --to-profile second-account --config governance.yaml --sign-key ada-key.pem --by "Ada Byron" --reason "Second Region" --dry-run':
      'aws',
    'ledgerstone verify s3://acme-replica/prod --key archive.vkey --key decisions.vkey': 'aws',
    'ledgerstone adopt s3://acme-copy/prod --key sold.vkey --config ledgerstone.yaml --by "Ada Byron" --reason "Acme was bought" --dry-run':
      'aws',
    'ledgerstone verify s3://acme-new/prod --key archive.vkey --older s3://acme-copy/prod --older-key sold.vkey':
      'aws',
  },
  'docs/replay.md': {
    'ledgerstone replay ./archive --key archive.vkey --topic orders --to-topic orders-again --brokers localhost:9092 --dry-run':
      'aws',
    'ledgerstone replay s3://acme-audit/prod --key archive.vkey --topic orders --to-topic orders --into-archived-topic --kafka other-cluster.yaml --records-per-second 5000 --bytes-per-second 20MiB --receipt replay.json':
      'aws',
    'ledgerstone get ./archive --key archive.vkey --topic orders --partition 0 --prove | sha256sum': 'files',
    'ledgerstone copy ./archive ./mirror --key archive.vkey --lock-until same --by "Nightly mirror" --reason "Kept up to date" --receipt "mirror-$(date -u +%Y%m%dT%H%M%SZ).json"':
      'files',
    'ledgerstone copy s3://acme-attestations /mnt/mirror/attestations --of attestations --lock-until same --by "Nightly mirror" --reason "Kept up to date" --receipt "attestations-$(date -u +%Y%m%dT%H%M%SZ).json"':
      'aws',
  },
  'docs/for-compliance.md': {
    'ledgerstone report controls ./archive --key archive.vkey --framework pci-dss-4 --out controls.html --csv controls.csv':
      'files',
    'openssl genpkey -algorithm ed25519 -out report-key.pem && chmod 600 report-key.pem': 'files',
    'ledgerstone report losses ./archive --key archive.vkey --from 2026-11-01 --to 2026-12-01 --out november.html':
      'files',
    'ledgerstone report check losses.html --signer report.pem': 'files',
    'ledgerstone report retention s3://acme-audit/prod --key archive.vkey --out retention.html': 'aws',
    'ledgerstone report destruction s3://acme-audit/prod --key archive.vkey --attestations s3://acme-attestations --cosigner verifier.vkey --by "Ada Byron" --sign-key report-key.pem --out destroyed.html --csv destroyed.csv':
      'aws',
    'ledgerstone report checks --config verifier.yaml --from 2026-11-01 --to 2026-12-01 --person ada.pem --by "Ada Byron" --sign-key report-key.pem --out checks.html':
      'aws',
    'ledgerstone finding list --config verifier.yaml --person ada.pem': 'aws',
    'ledgerstone access commands s3://acme-audit/prod --log-key ARN --governance-key ARN --attestations acme-attestations --verifier-key ARN > fetch.sh':
      'aws',
  },
  'docs/for-investigators.md': {
    "ledgerstone find ./archive --key archive.vkey --where '/userIdentity/arn~alice'": 'files',
    'ledgerstone find ./archive --key archive.vkey --text 203.0.113.7 --limit 10': 'files',
    "echo 'orders: { actor: /userIdentity/arn, action: /eventName, time: /eventTime, subject: /userIdentity/userName }' > fields.yaml":
      'files',
    'ledgerstone find ./archive --key archive.vkey --fields fields.yaml --subject alice': 'files',
    "ledgerstone find s3://acme-audit/prod --key archive.vkey --attestations s3://acme-attestations --cosigner verifier.vkey --where '/userIdentity/arn=arn:aws:iam::123456789012:user/alice'":
      'aws',
    'ledgerstone find ./archive --key archive.vkey --text alice --limit 5 --format jsonl --out case-17 --prove':
      'files',
    'ledgerstone check case-17/proofs/orders-0-1.tlog-proof --entry case-17/proofs/orders-0-1.json --key archive.vkey':
      'files',
  },
  'docs/first-deployment.md': {
    'aws service-quotas get-service-quota --service-code lambda --quota-code L-B99A9384 --query Quota.Value --profile verifier':
      'aws',
    'aws cloudformation deploy --stack-name ledgerstone --template-file cdk.out/ledgerstone.template.json --capabilities CAPABILITY_NAMED_IAM --profile archive':
      'aws',
    'aws iam list-roles --query "Roles[?starts_with(RoleName,\'ledgerstone-\')].RoleName" --profile archive':
      'aws',
    "npx aws-cdk@2 deploy ledgerstone-verifier --exclusively --profile verifier --app 'npm run -s synth'":
      'aws',
    "aws s3api list-objects-v2 --bucket ledgerstone-trail-ACCOUNT --prefix AWSLogs/ --query 'Contents[].Key' --profile verifier":
      'aws',
    'aws sts assume-role --region eu-central-1 --role-arn arn:aws:iam::ACCOUNT:role/ledgerstone-break-glass --role-session-name first':
      'aws',
    'aws sts assume-role --region us-east-1 --role-arn arn:aws:iam::ACCOUNT:role/ledgerstone-break-glass --role-session-name other-region':
      'aws',
    'aws s3api put-object-retention --bucket acme-audit --key KEY --retention \'{"Mode":"COMPLIANCE","RetainUntilDate":"2126-01-01T00:00:00Z"}\' --profile archiver':
      'aws',
    'aws s3api delete-bucket-policy --bucket acme-audit': 'aws',
    'aws kms sign --key-id AlsoLogKeyArn --message Zm9v --message-type RAW --signing-algorithm ED25519_SHA_512 --profile officer':
      'aws',
    'aws cloudformation deploy --stack-name ledgerstone --template-file cdk.out/ledgerstone.template.json --capabilities CAPABILITY_NAMED_IAM --disable-rollback --profile archive':
      'aws',
    "aws events list-targets-by-rule --rule ledgerstone-to-verifier-objects --query 'Targets[].Arn' --profile archive":
      'aws',
  },
  'docs/for-producers.md': {
    'ledgerstone receipt http://127.0.0.1:9464 orders/0/42 --key archive.vkey --wait 2m --out order-42':
      'aws',
  },
  'docs/governance.md': {
    'cp -R archive governed': 'files',
    'cat > governance.yaml <<EOF': 'files',
    'ledgerstone hold place --case C-1 --topic orders --partition 0 --offsets 0-49 --config governance.yaml --by "Ada Byron" --reason "Litigation" --reference T-4711 --sign-key ada-key.pem':
      'files',
    'ledgerstone hold release --case C-1 --config governance.yaml --by "Ada Byron" --reason "Settled" --sign-key ada-key.pem --json > proposal.json || test $? -eq 4':
      'files',
    'ledgerstone retention extend --topic orders --until 2033-01-01 --config governance.yaml --by "Ada Byron" --reason "Tax audit" --sign-key ada-key.pem --dry-run':
      'files',
    'ledgerstone export ./governed --key archive.vkey --topic orders --partition 0 --offsets 40-64 --case C-2 --purpose "Inquiry" --by "Ada Byron" --act governance.yaml --sign-key ada-key.pem --out handed-out.zip':
      'files',
  },
  'docs/importing.md': {
    'echo "Exported on 2026-01-07 from the old log server by its administrator." > provenance.txt': 'files',
    'aws cloudtrail list-public-keys --start-time 2024-01-01 > trail-keys.json': 'aws',
  },
  'docs/kubernetes.md': {
    'docker build --platform linux/arm64 --file infra/docker/archiver/Dockerfile --tag ledgerstone .': 'aws',
    'kubectl --namespace audit create secret generic ledgerstone-login --from-literal=token="$(openssl rand -hex 32)"':
      'aws',
    'npm ci && npm pack': 'long',
    'npm install --global ./ledgerstone-1.0.0.tgz': 'aws',
  },
  'docs/library.md': {
    'npm ci && npm pack': 'long',
  },
  'docs/measured.md': {
    'npm run bench': 'long',
    'npm run bench -- archive': 'long',
    'npm run bench -- verify': 'long',
    'npm run bench -- verifier': 'long',
    'npm run bench -- watch': 'long',
    'npm run bench -- seals': 'long',
    'npm run chaos': 'long',
  },
  'docs/metrics.md': {
    'ledgerstone alerts --config ledgerstone.yaml > archiver-rules.yaml': 'aws',
  },
  'docs/operating.md': {
    'npm run stack': 'stack',
    '. .stack/env': 'stack',
    'npm run stack -- stop': 'stack',
    'ledgerstone doctor  --config ledgerstone.yaml': 'aws',
    'ledgerstone status --config ledgerstone.yaml': 'aws',
    'ledgerstone resume --config ledgerstone.yaml --topic T --partition P --accept-gap --kind expired --reason "…" --by "…"':
      'aws',
  },
  'docs/packages.md': {
    'openssl genpkey -algorithm ed25519 -out export-key.pem && chmod 600 export-key.pem': 'files',
    'ledgerstone verify-package case.zip --key archive.vkey --signer export.pem': 'files',
    'unzip -q case.zip -d case': 'files',
  },
  'docs/sampling.md': {
    'ledgerstone sample ./archive --key archive.vkey --n 5 --seed "audit 2026-17" --where \'/eventName^Delete\' --out sample-17':
      'files',
    'ledgerstone verify ./archive --key archive.vkey --checkpoints > orders.checkpoint': 'files',
    "printf 'ledgerstone/sample/1\\n%s\\n%s\\n%s\\n%s\\n' 'audit 2026-17' '' test.example/docs/orders/0 42 | sha256sum":
      'files',
  },
  'docs/security.md': {
    'ledgerstone doctor --config ledgerstone.yaml': 'aws',
    'ledgerstone verify ARCHIVE --key KEY': 'aws',
    'npx vitest run --project infra': 'long',
    'ledgerstone watch --config verifier.yaml': 'aws',
    'ledgerstone prove ARCHIVE --topic T --partition P --offset N > event.tlog-proof': 'aws',
  },
  'docs/sql.md': {
    'ledgerstone verify ./archive --key archive.vkey': 'files',
    'ledgerstone verify ./archive --key archive.vkey --json': 'files',
    'ledgerstone find ./archive --key archive.vkey --where /userIdentity/userName=alice': 'files',
    "ledgerstone find ./archive --key archive.vkey --where '/eventName^Delete' --format csv > deletions.csv":
      'files',
    "ledgerstone find ./archive --key archive.vkey --where '/eventTime>=2026-11-22T09:00:00Z' --where '/eventTime<2026-11-22T09:10:00Z'":
      'files',
    'ledgerstone find ./archive --key archive.vkey --text user/alice --limit 10': 'files',
    "ledgerstone find ./archive --key archive.vkey --where /userIdentity/userName=alice --where '/eventTime<=2026-11-22T08:01:00Z'":
      'files',
    "ledgerstone find ./archive --key archive.vkey --where '/eventTime^2026-11-22T08' --limit 1": 'files',
    'ledgerstone find ./archive --key archive.vkey --text Login --limit 10': 'files',
    'ledgerstone find ./archive --key archive.vkey --where /id=7': 'files',
    'ledgerstone losses ./archive --key archive.vkey': 'files',
    'ledgerstone prove ./archive --topic orders --partition 0 --offset 7 > row.tlog-proof': 'files',
    'ledgerstone sql athena s3://acme-audit/prod --region eu-central-1 > athena.sql': 'aws',
  },
  'docs/testing.md': {
    'npm run simulate -- --seeds 10000': 'long',
    'npm run bugs': 'long',
    'npm run fuzz': 'long',
    'npm run mutate -- --n 200 --seed 3': 'long',
    'npx vitest run --project unit test/unit/store': 'long',
  },
  'docs/upgrading.md': {
    'ledgerstone verify s3://acme-audit/prod --key archive.vkey --checkpoints > before.checkpoints': 'aws',
    'ledgerstone config migrate ledgerstone.yaml --check': 'aws',
    'ledgerstone verify s3://acme-audit/prod --key archive.vkey --since before.checkpoints': 'aws',
  },
  'docs/verifier.md': {
    'aws stepfunctions start-execution --state-machine-arn ARN --name pass-2026-12': 'aws',
    'ledgerstone watch --config verifier.yaml': 'aws',
    'ledgerstone init --config verifier.yaml --vkey verifier.vkey': 'aws',
    'ledgerstone verify ARCHIVE --key KEY --attestations s3://acme-attestations --cosigner VKEY': 'aws',
    'ledgerstone index --config verifier.yaml': 'aws',
    'ledgerstone stamp --config verifier.yaml': 'aws',
    'ledgerstone drill --config verifier.yaml': 'aws',
    'ledgerstone finding list --config verifier.yaml --person ada.pem': 'aws',
  },
  'infra/README.md': {
    'npm run terraform': 'long',
    'cp infra/config.example.yaml infra/config.yaml': 'aws',
    'npx aws-cdk@2 bootstrap --profile verifier': 'aws',
    'aws cloudformation deploy --stack-name ledgerstone --template-file cdk.out/ledgerstone.template.json --capabilities CAPABILITY_NAMED_IAM':
      'aws',
    'aws sts assume-role --region eu-central-1 --role-arn ARN --role-session-name NAME --serial-number MFA --token-code CODE':
      'aws',
    'aws cloudtrail validate-logs --trail-arn ARN --start-time 2026-11-01T00:00:00Z --account-id ACCOUNT --s3-bucket NAME-trail-ACCOUNT':
      'aws',
    "aws sqs receive-message --queue-url DEAD_LETTERS --query 'Messages[0]' > letter.json": 'aws',
    'aws cloudformation describe-stacks --stack-name ledgerstone --output text --query "Stacks[0].Outputs[?OutputKey==\'LedgerstoneYaml\'].OutputValue" > ledgerstone.yaml':
      'aws',
    'aws lambda get-function-configuration --function-name FUNCTION --output text --query Environment.Variables.LEDGERSTONE_VERIFIER_CONFIG > verifier.yaml':
      'aws',
    'docker build --platform linux/arm64 --file infra/docker/archiver/Dockerfile --tag ledgerstone .': 'aws',
    'aws kms disable-key --key-id EARLIER_ARN --profile break-glass': 'aws',
  },
  'src/archiver/RUNBOOK.md': {
    'ledgerstone status --config ledgerstone.yaml': 'aws',
    'ledgerstone resume --config ledgerstone.yaml --topic T --partition P --accept-gap --kind expired --reason "retention was 1 day, the archiver was down for 2" --by "Your Name"':
      'aws',
    'ledgerstone resume --config ledgerstone.yaml --topic T --partition P --accept-gap --to OFFSET --kind compacted --reason "…" --by "Your Name"':
      'aws',
    'ledgerstone resume --config ledgerstone.yaml --topic T --partition P --accept-gap --to OFFSET_AFTER_IT --reason "…" --by "Your Name"':
      'aws',
  },
  'src/verifier/RUNBOOK.md': {
    'ledgerstone verify ARCHIVE --key archive.vkey --attestations s3://acme-attestations --cosigner verifier.vkey --json':
      'aws',
  },
};
