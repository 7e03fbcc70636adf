/** What the SDK logs at its finest level loses its payloads and nothing else. */
import { withoutPayloads } from '../../src/worker/log';

test('payloads are left out, wherever they are, with their length', () => {
  const payload = { metadata: { encoding: 'anNvbi9wbGFpbg==' }, data: 'c2VjcmV0' };
  const meta = {
    taskQueue: 'q',
    jobs: [{ initializeWorkflow: { workflowType: 't', arguments: [payload] } }],
  };
  const logged = JSON.stringify(withoutPayloads(meta));
  expect(logged).not.toContain('c2VjcmV0');
  expect(logged).toContain('left out, 8 characters');
  expect(withoutPayloads(meta)).toMatchObject({
    taskQueue: 'q',
    jobs: [{ initializeWorkflow: { workflowType: 't' } }],
  });
});

test('what cannot be written as JSON is left out altogether', () => {
  const meta: { self?: unknown } = {};
  meta.self = meta;
  expect(withoutPayloads(meta)).toEqual({});
  expect(withoutPayloads(undefined)).toEqual({});
});
