#!/bin/sh
# What does LocalStack hold when it is started by hand? The same as after `npm run stack`. Safe to repeat.
set -eu

region=eu-central-1
bucket=ledgerstone-demo
alias=alias/ledgerstone-log

if ! awslocal s3api head-bucket --bucket "$bucket" >/dev/null 2>&1; then
  awslocal s3api create-bucket --region "$region" --bucket "$bucket" --object-lock-enabled-for-bucket \
    --create-bucket-configuration "LocationConstraint=$region"
  awslocal s3api put-object-lock-configuration --bucket "$bucket" --object-lock-configuration \
    '{"ObjectLockEnabled":"Enabled","Rule":{"DefaultRetention":{"Mode":"COMPLIANCE","Days":1}}}'
fi

if ! awslocal kms describe-key --region "$region" --key-id "$alias" >/dev/null 2>&1; then
  key=$(awslocal kms create-key --region "$region" --key-spec ECC_NIST_P256 --key-usage SIGN_VERIFY \
    --query KeyMetadata.Arn --output text)
  awslocal kms create-alias --region "$region" --alias-name "$alias" --target-key-id "$key"
fi
