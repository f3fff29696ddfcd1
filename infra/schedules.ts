// Which tasks of the verifier run by the clock, and how often?
import { Stack } from 'aws-cdk-lib';
import { PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { CfnSchedule, CfnScheduleGroup, type CfnScheduleProps } from 'aws-cdk-lib/aws-scheduler';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { minutesOf } from './config-verifier.ts';

/** Catches up on lost events. The alarms also take it as the verifier's heartbeat. */
export const CONFIRM_MINUTES = 5;
const FRESHNESS_MINUTES = 10;
/** A full pass does a part of its round this often. */
export const FULL_PASS_MINUTES = 60;
const CONFIGURATION_MINUTES = 60;
/** The first run after midnight UTC asks for the day's stamp; the others only if it got none. */
export const STAMP_MINUTES = 60;
/** The sweep's interval is anybody's choice. Within this window it does not begin with other tasks each time. */
const SWEEP_WINDOW_MINUTES = 4;
const EVENT_AGE_SECONDS_MAX = 86_400;

export type SchedulesProps = {
  readonly target: IFunction;
  readonly deadLetters: IQueue;
  readonly sweepEvery: string;
  /** Whether a time-stamping authority is asked. */
  readonly stamps: boolean;
};

export class Schedules extends Construct {
  constructor(scope: Construct, id: string, { target, deadLetters, sweepEvery, stamps }: SchedulesProps) {
    super(scope, id);
    const { account } = Stack.of(this);
    const group = new CfnScheduleGroup(this, 'Group', {});
    const role = new Role(this, 'Role', {
      description: 'Calls the verifier on schedule. Can do nothing else',
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
    const on = (name: string, task: string, minutes: number, when: When) =>
      new CfnSchedule(this, name, {
        description: `The verifier's task ${task}`,
        groupName: group.ref,
        ...when,
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
    on('Confirm', 'confirm', CONFIRM_MINUTES, at(0, CONFIRM_MINUTES));
    on('Freshness', 'freshness', FRESHNESS_MINUTES, at(2, FRESHNESS_MINUTES));
    on('FullPass', 'full-pass', FULL_PASS_MINUTES, at(8, FULL_PASS_MINUTES));
    on('Configuration', 'configuration', CONFIGURATION_MINUTES, at(41, CONFIGURATION_MINUTES));
    if (stamps) on('Stamp', 'stamp', STAMP_MINUTES, at(23, STAMP_MINUTES));
    const sweepMinutes = minutesOf(sweepEvery);
    on('Sweep', 'sweep', sweepMinutes, {
      scheduleExpression: `rate(${sweepMinutes} minutes)`,
      flexibleTimeWindow: { mode: 'FLEXIBLE', maximumWindowInMinutes: SWEEP_WINDOW_MINUTES },
    });
  }
}

type When = Pick<CfnScheduleProps, 'scheduleExpression' | 'flexibleTimeWindow'>;

/**
 * By the clock and each at its own minute. By `rate()` all would begin when they were made, together, and hold
 * each other back every hour.
 */
const at = (minute: number, every: number): When => ({
  scheduleExpression: `cron(${every === 60 ? minute : `${minute}/${every}`} * * * ? *)`,
  flexibleTimeWindow: { mode: 'OFF' },
});

const allow = (sid: string, action: string, resource: string) =>
  new PolicyStatement({ sid, actions: [action], resources: [resource] });
