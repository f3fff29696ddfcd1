// Which tasks of the verifier run by the clock, and how often?
import { Stack } from 'aws-cdk-lib';
import { PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { CfnSchedule, CfnScheduleGroup } from 'aws-cdk-lib/aws-scheduler';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { minutesOf } from './config-verifier.ts';

/** Catches up on lost events. The alarms also take it as the verifier's heartbeat. */
const CONFIRM_MINUTES = 5;
const FRESHNESS_MINUTES = 10;
/** A full pass does a part of its round this often. */
export const FULL_PASS_MINUTES = 60;
const CONFIGURATION_MINUTES = 60;
const EVENT_AGE_SECONDS_MAX = 86_400;

export type SchedulesProps = {
  readonly target: IFunction;
  readonly deadLetters: IQueue;
  readonly sweepEvery: string;
};

export class Schedules extends Construct {
  constructor(scope: Construct, id: string, { target, deadLetters, sweepEvery }: SchedulesProps) {
    super(scope, id);
    const { account } = Stack.of(this);
    const group = new CfnScheduleGroup(this, 'Group', {});
    const role = new Role(this, 'Role', {
      description: 'Calls the verifier on schedule, and can do nothing else',
      assumedBy: new ServicePrincipal('scheduler.amazonaws.com', {
        conditions: {
          StringEquals: { 'aws:SourceAccount': account },
          ArnEquals: { 'aws:SourceArn': group.attrArn },
        },
      }),
      inlinePolicies: {
        verifier: new PolicyDocument({
          statements: [
            allow('CallTheVerifier', 'lambda:InvokeFunction', target.functionArn),
            allow('KeepWhatFailed', 'sqs:SendMessage', deadLetters.queueArn),
          ],
        }),
      },
    });
    const every = (name: string, task: string, minutes: number) =>
      new CfnSchedule(this, name, {
        description: `The verifier's task ${task}`,
        groupName: group.ref,
        scheduleExpression: minutes === 1 ? 'rate(1 minute)' : `rate(${minutes} minutes)`,
        flexibleTimeWindow: { mode: 'OFF' },
        state: 'ENABLED',
        target: {
          arn: target.functionArn,
          roleArn: role.roleArn,
          input: JSON.stringify({ task }),
          deadLetterConfig: { arn: deadLetters.queueArn },
          // The next run does the same work, so an old one need not be kept for a day.
          retryPolicy: {
            maximumRetryAttempts: 3,
            maximumEventAgeInSeconds: Math.min(minutes * 60, EVENT_AGE_SECONDS_MAX),
          },
        },
      });
    every('Confirm', 'confirm', CONFIRM_MINUTES);
    every('Freshness', 'freshness', FRESHNESS_MINUTES);
    every('Sweep', 'sweep', minutesOf(sweepEvery));
    every('FullPass', 'full-pass', FULL_PASS_MINUTES);
    every('Configuration', 'configuration', CONFIGURATION_MINUTES);
  }
}

const allow = (sid: string, action: string, resource: string) =>
  new PolicyStatement({ sid, actions: [action], resources: [resource] });
