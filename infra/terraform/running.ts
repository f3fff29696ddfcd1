// How do queues, rules, schedules, alarms and the function read in Terraform?
import { reference } from './expressions.ts';
import type { CfnMembers } from './given.ts';
import type { Maker, Translating } from './translating.ts';

const deadLetters = (of: CfnMembers, { to }: Pick<Translating, 'to'>) => {
  const given = of.inside('DeadLetterConfig');
  return given && { arn: to.text(given.take('Arn')) };
};
const retries = (of: CfnMembers) => {
  const given = of.inside('RetryPolicy');
  return (
    given && {
      maximum_event_age_in_seconds: given.take('MaximumEventAgeInSeconds'),
      maximum_retry_attempts: given.take('MaximumRetryAttempts'),
    }
  );
};

const MESSAGES: Readonly<Record<string, Maker>> = {
  'AWS::SQS::Queue': ({ given, to, put, named }) => {
    const redrive = given.take('RedrivePolicy');
    put('aws_sqs_queue', {
      ...named('name', given.take('QueueName')),
      message_retention_seconds: given.take('MessageRetentionPeriod'),
      visibility_timeout_seconds: given.take('VisibilityTimeout'),
      sqs_managed_sse_enabled: given.take('SqsManagedSseEnabled'),
      redrive_policy: redrive === undefined ? undefined : to.json(redrive),
    });
  },
  'AWS::SQS::QueuePolicy': ({ given, to, put }) => {
    const [queue, ...others] = given.list('Queues');
    if (others.length > 0) throw new Error('a policy of several queues');
    put('aws_sqs_queue_policy', { queue_url: to.text(queue), policy: to.json(given.take('PolicyDocument')) });
  },
  'AWS::SNS::Topic': ({ given, to, put, named }) => {
    put('aws_sns_topic', {
      ...named('name', given.take('TopicName')),
      display_name: to.optional(given.take('DisplayName')),
    });
  },
  'AWS::SNS::TopicPolicy': ({ given, to, put }) => {
    const [topic, ...others] = given.list('Topics');
    if (others.length > 0) throw new Error('a policy of several topics');
    put('aws_sns_topic_policy', { arn: to.text(topic), policy: to.json(given.take('PolicyDocument')) });
  },
  'AWS::SNS::Subscription': ({ given, to, put }) => {
    put('aws_sns_topic_subscription', {
      topic_arn: to.text(given.take('TopicArn')),
      protocol: given.take('Protocol'),
      endpoint: to.text(given.take('Endpoint')),
    });
  },
  'AWS::Events::EventBus': ({ given, to, put }) => {
    put('aws_cloudwatch_event_bus', { name: to.text(given.take('Name')) });
  },
  'AWS::Events::EventBusPolicy': ({ given, to, put }) => {
    given.take('StatementId');
    put('aws_cloudwatch_event_bus_policy', {
      event_bus_name: to.text(given.take('EventBusName')),
      policy: to.json({ Version: '2012-10-17', Statement: [given.take('Statement')] }),
    });
  },
  'AWS::Events::Rule': ({ id, given, to, put }) => {
    const bus = to.optional(given.take('EventBusName'));
    put('aws_cloudwatch_event_rule', {
      name: to.text(given.take('Name')),
      description: to.optional(given.take('Description')),
      event_bus_name: bus,
      event_pattern: to.json(given.take('EventPattern')),
      state: given.take('State'),
    });
    for (const target of given.each('Targets')) {
      const name = to.text(target.take('Id'));
      const transformer = target.inside('InputTransformer');
      const values = {
        rule: reference(`aws_cloudwatch_event_rule.${id}.name`),
        event_bus_name: bus,
        target_id: name,
        arn: to.text(target.take('Arn')),
        role_arn: to.optional(target.take('RoleArn')),
        dead_letter_config: deadLetters(target, { to }),
        retry_policy: retries(target),
        input_transformer: transformer && {
          input_paths: to.value(transformer.take('InputPathsMap')),
          input_template: to.text(transformer.take('InputTemplate')),
        },
      };
      put('aws_cloudwatch_event_target', values, `-${name}`);
    }
  },
};

const FUNCTION: Readonly<Record<string, Maker>> = {
  'AWS::Lambda::Function': ({ id, given, to, put, stack }) => {
    // The bundle lies beside the module.
    given.take('Code');
    const log = given.inside('LoggingConfig');
    const letters = given.inside('DeadLetterConfig');
    const name = given.take('FunctionName');
    put('aws_lambda_function', {
      function_name: name === undefined ? `${stack}-${id}`.slice(0, 64) : to.text(name),
      filename: reference('data.archive_file.function.output_path'),
      source_code_hash: reference('data.archive_file.function.output_base64sha256'),
      description: to.optional(given.take('Description')),
      architectures: given.take('Architectures'),
      runtime: given.take('Runtime'),
      handler: given.take('Handler'),
      role: to.text(given.take('Role')),
      memory_size: given.take('MemorySize'),
      timeout: given.take('Timeout'),
      reserved_concurrent_executions: given.take('ReservedConcurrentExecutions'),
      environment: { variables: to.texts(given.inside('Environment')?.take('Variables')) },
      dead_letter_config: letters && { target_arn: to.text(letters.take('TargetArn')) },
      logging_config: log && { log_format: 'Text', log_group: to.text(log.take('LogGroup')) },
    });
  },
  'AWS::Lambda::EventInvokeConfig': ({ given, to, put }) => {
    given.expect('Qualifier', '$LATEST');
    put('aws_lambda_function_event_invoke_config', {
      function_name: to.text(given.take('FunctionName')),
      maximum_event_age_in_seconds: given.take('MaximumEventAgeInSeconds'),
      maximum_retry_attempts: given.take('MaximumRetryAttempts'),
    });
  },
  'AWS::Lambda::EventSourceMapping': ({ given, to, put }) => {
    const scaling = given.inside('ScalingConfig');
    put('aws_lambda_event_source_mapping', {
      event_source_arn: to.text(given.take('EventSourceArn')),
      function_name: to.text(given.take('FunctionName')),
      batch_size: given.take('BatchSize'),
      function_response_types: given.take('FunctionResponseTypes'),
      scaling_config: scaling && { maximum_concurrency: scaling.take('MaximumConcurrency') },
    });
  },
  'AWS::Logs::LogGroup': ({ given, put, named }) => {
    put('aws_cloudwatch_log_group', {
      ...named('name', given.take('LogGroupName')),
      retention_in_days: given.take('RetentionInDays'),
    });
  },
  'AWS::Scheduler::ScheduleGroup': ({ given, put, named }) => {
    put('aws_scheduler_schedule_group', named('name', given.take('Name')));
  },
  'AWS::Scheduler::Schedule': ({ given, to, put, named }) => {
    const target = given.inside('Target');
    const window = given.inside('FlexibleTimeWindow');
    put('aws_scheduler_schedule', {
      ...named('name', given.take('Name')),
      description: to.optional(given.take('Description')),
      group_name: to.optional(given.take('GroupName')),
      schedule_expression: given.take('ScheduleExpression'),
      state: given.take('State'),
      flexible_time_window: {
        mode: window?.take('Mode'),
        maximum_window_in_minutes: window?.take('MaximumWindowInMinutes'),
      },
      target: target && {
        arn: to.text(target.take('Arn')),
        role_arn: to.text(target.take('RoleArn')),
        input: to.text(target.take('Input')),
        retry_policy: retries(target),
        dead_letter_config: deadLetters(target, { to }),
      },
    });
  },
};

const PASSES: Readonly<Record<string, Maker>> = {
  'AWS::StepFunctions::StateMachine': ({ given, to, put, named }) => {
    put('aws_sfn_state_machine', {
      ...named('name', given.take('StateMachineName')),
      type: given.take('StateMachineType'),
      role_arn: to.text(given.take('RoleArn')),
      definition: to.text(given.take('DefinitionString')),
    });
  },
};

const metricOf = (given: CfnMembers) => ({
  metric_name: given.take('MetricName'),
  namespace: given.take('Namespace'),
});
/** Terraform has them as a map. */
const dimensionsOf = (given: CfnMembers, { to }: Pick<Translating, 'to'>) => {
  const all = given.each('Dimensions');
  return all.length === 0
    ? undefined
    : Object.fromEntries(all.map((one) => [to.text(one.take('Name')), to.text(one.take('Value'))]));
};

const WATCHING: Readonly<Record<string, Maker>> = {
  'AWS::CloudWatch::Alarm': ({ id, given, to, put, stack }) => {
    const name = given.take('AlarmName');
    put('aws_cloudwatch_metric_alarm', {
      alarm_name: name === undefined ? `${stack}-${id}` : to.text(name),
      alarm_description: to.optional(given.take('AlarmDescription')),
      comparison_operator: given.take('ComparisonOperator'),
      evaluation_periods: given.take('EvaluationPeriods'),
      datapoints_to_alarm: given.take('DatapointsToAlarm'),
      threshold: given.take('Threshold'),
      treat_missing_data: given.take('TreatMissingData'),
      alarm_actions: to.value(given.take('AlarmActions')),
      ok_actions: to.value(given.take('OKActions')),
      ...metricOf(given),
      ...{ statistic: given.take('Statistic'), period: given.take('Period') },
      dimensions: dimensionsOf(given, { to }),
      metric_query: queriesOf(given, { to }),
    });
  },
  'AWS::CloudWatch::Dashboard': ({ id, given, to, put, stack }) => {
    const name = given.take('DashboardName');
    put('aws_cloudwatch_dashboard', {
      dashboard_name: name === undefined ? `${stack}-${id}` : to.text(name),
      dashboard_body: to.text(given.take('DashboardBody')),
    });
  },
};

function queriesOf(alarm: CfnMembers, { to }: Pick<Translating, 'to'>) {
  const all = alarm.each('Metrics').map((query) => {
    const stat = query.inside('MetricStat');
    const metric = stat?.inside('Metric');
    return {
      id: query.take('Id'),
      expression: query.take('Expression'),
      label: query.take('Label'),
      return_data: query.take('ReturnData'),
      metric: metric && {
        ...metricOf(metric),
        dimensions: dimensionsOf(metric, { to }),
        period: stat?.take('Period'),
        stat: stat?.take('Stat'),
      },
    };
  });
  return all.length === 0 ? undefined : all;
}

export const RUNNING: Readonly<Record<string, Maker>> = { ...MESSAGES, ...FUNCTION, ...PASSES, ...WATCHING };
