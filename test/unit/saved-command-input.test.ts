/** What `manageCommands` accepts of a change; everything else of it is told by the command line's own tests. */
import { parseManageCommandsInput } from '../../src/domain/saved-command-input';

const edit = (changes: object): string => {
  const parsed = parseManageCommandsInput({ region: 'cn-hangzhou', action: 'edit', which: 'look', changes });
  return parsed.ok ? 'taken' : parsed.errors.map(({ path, message }) => `${path} ${message}`).join('\n');
};

test.each([
  [{ name: 'new' }, 'taken'],
  [{ timeoutSeconds: 90, workingDirectory: '/tmp', description: 'logs' }, 'taken'],
  [{}, 'changes has nothing in it; give a name'],
  [{ content: 'rm' }, 'changes.content "rm" cannot be changed; delete the command and create it anew'],
  [{ name: 'x', type: 'RunBatScript' }, 'changes.type "RunBatScript" cannot be changed'],
  [{ name: 'c-1' }, 'changes.name "c-1" begins with c-'],
  [{ timeoutSeconds: 5 }, 'changes.timeoutSeconds 5 must be a whole number of seconds from 10'],
  [{ timeout: 50 }, 'changes.timeout is unknown'],
])('%j: %s', (changes, answer) => expect(edit(changes)).toContain(answer));
