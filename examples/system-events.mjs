// Finds open system events, has each prepared, rebooted and checked before the provider does it, and waits until they
// are gone; with nothing but Temporal's own client. What runs before and after the reboot is in the worker's policy file.
//   steward up --policy examples/policy.yaml        (in another terminal)
//   node examples/system-events.mjs [REGION] [now]
// With `now` each is answered at once; without, at the moment its policy chooses. It may be stopped and started again at
// any time: an event has one workflow, and one reboot.
import { randomUUID } from 'node:crypto';
import { Client, Connection, WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';

const [region = 'cn-hangzhou', when] = process.argv.slice(2);
const account = 'default';
const taskQueue = `steward-${account}`;
const { connectionOptions, namespace } = loadClientConnectConfig(); // TEMPORAL_ADDRESS …, else localhost:7233
const connection = await Connection.connect(connectionOptions);
const { workflow } = new Client({ connection, namespace });

const once = (error) => {
  if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error; // it runs, or ran, already: good
};

// From now on new events are found by themselves; here we only care about those open now.
await workflow
  .start('patrolRegion', { workflowId: `patrol/${account}/${region}`, taskQueue, args: [{ region }] })
  .catch(once);

const report = await workflow.execute('reportSystemEvents', {
  workflowId: `event-report/${account}/${region}/${randomUUID()}`,
  taskQueue,
  args: [{ region, kind: 'open' }],
});
console.log(`${report.total} open events in ${region}`);

const results = await Promise.all(
  report.rows.map(async ({ eventId, plan }) => {
    const workflowId = `system-event/${account}/${region}/${eventId}`;
    await workflow
      .start('handleSystemEvent', {
        workflowId,
        taskQueue,
        args: [{ region, eventId }],
        workflowIdReusePolicy: 'REJECT_DUPLICATE',
      })
      .catch(once);
    console.log(`${eventId}: ${plan.reason}`);
    const handle = workflow.getHandle(workflowId);
    // Refused where it is under way already; the result tells.
    if (when === 'now') await handle.executeUpdate('now').catch((error) => console.log(error.message));
    return handle.result(); // ends when the event is gone
  }),
);
console.table(results, ['eventId', 'instanceId', 'outcome', 'eventStatus', 'reboots']);
await connection.close();
