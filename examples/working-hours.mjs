// Instances tagged Start&Stop run on weekdays from 9:00 to 21:00 Japan time and cost nothing else of the time; with
// nothing but Temporal's own client. The same as one command:
//   steward hours create office --tag 'Start&Stop' --start 09:00 --stop 21:00 --days mon-fri --time-zone Asia/Tokyo
//   steward up --tag 'Start&Stop='                  (in another terminal)
//   node examples/working-hours.mjs [REGION] [start|stop]
// With `start` or `stop` that action is also taken at once. It may be run again at any time: each Schedule has one id, and
// an action brings instances to a state, so that doing it twice does no harm.
import { Client, Connection, ScheduleAlreadyRunning } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';

const [region = 'cn-hangzhou', now] = process.argv.slice(2);
const account = 'default';
const taskQueue = `steward-${account}`;
const input = { region, tags: [{ key: 'Start&Stop' }] };
const { connectionOptions, namespace } = loadClientConnectConfig(); // TEMPORAL_ADDRESS …, else localhost:7233
const connection = await Connection.connect(connectionOptions);
const { schedule, workflow } = new Client({ connection, namespace });

const boundaries = [
  { name: 'start', hour: 9, workflowType: 'startInstancesByTag', args: [input] },
  {
    name: 'stop',
    hour: 21,
    workflowType: 'stopInstancesByTag',
    args: [{ ...input, stoppedMode: 'StopCharging' }],
  },
];
for (const { name, hour, workflowType, args } of boundaries) {
  const scheduleId = `start-and-stop/${region}/${name}`;
  const handle = await schedule
    .create({
      scheduleId,
      spec: {
        calendars: [{ dayOfWeek: { start: 'MONDAY', end: 'FRIDAY' }, hour, minute: 0 }],
        timezone: 'Asia/Tokyo',
      },
      action: { type: 'startWorkflow', workflowType, workflowId: scheduleId, taskQueue, args },
      policies: { overlap: 'SKIP', catchupWindow: '1 hour' }, // after an outage: late by an hour, or not at all
    })
    .catch((error) => {
      if (!(error instanceof ScheduleAlreadyRunning)) throw error; // it is there already: good
      return schedule.getHandle(scheduleId);
    });
  const { nextActionTimes } = (await handle.describe()).info;
  console.log(`${name}: next ${nextActionTimes[0]?.toISOString()}`);
  if (now !== name) continue;
  const workflowId = `${scheduleId}/now/${Date.now()}`;
  const result = await workflow.execute(workflowType, { workflowId, taskQueue, args });
  console.log(result.summary);
  for (const { instanceId, outcome, reason } of result.exceptions)
    console.log(`  ${instanceId} ${outcome}: ${reason}`);
  for (const warning of result.warnings) console.log(`  warning: ${warning}`);
}
await connection.close();
