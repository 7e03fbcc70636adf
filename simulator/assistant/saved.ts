/**
 * Commands and invocations in the state file. The rule: bytes travel as Base64, and what ran when the simulator
 * ended has been interrupted.
 */
import type { Command, Execution, Invocation, Task } from './model';
import { ERROR_WORDS } from './vocabulary';

type Text<T, K extends keyof T> = Omit<T, K> & Record<K, string>;
type SavedCommand = Text<Command, 'content'>;
type SavedExecution = Text<Execution, 'output'>;
type SavedTask = Omit<Task, 'output' | 'history'> & { output: string; history: SavedExecution[] };
type SavedInvocation = Omit<Invocation, 'command' | 'tasks'> & { command: SavedCommand; tasks: SavedTask[] };

/** What is written. */
export interface SavedAssistant {
  readonly commands: SavedCommand[];
  readonly invocations: SavedInvocation[];
}

const saveCommand = (command: Command): SavedCommand => ({
  ...command,
  content: command.content.toString('base64'),
});
const readCommand = (saved: SavedCommand): Command => ({
  ...saved,
  content: Buffer.from(saved.content, 'base64'),
});
const saveExecution = (execution: Execution): SavedExecution => ({
  ...execution,
  output: execution.output.toString('base64'),
});
const readExecution = (saved: SavedExecution): Execution => ({
  ...saved,
  output: Buffer.from(saved.output, 'base64'),
});

/** Turns everything into what can be written. */
export function saveAssistant(
  commands: Iterable<Command>,
  invocations: Iterable<Invocation>,
): SavedAssistant {
  return {
    commands: [...commands].map(saveCommand),
    invocations: [...invocations].map((invocation) => ({
      ...invocation,
      command: saveCommand(invocation.command),
      tasks: invocation.tasks.map((task) => ({
        ...task,
        output: task.output.toString('base64'),
        history: task.history.map(saveExecution),
      })),
    })),
  };
}

/** Reads it back. */
export function readAssistant(
  saved: SavedAssistant,
  now: number,
): { commands: Command[]; invocations: Invocation[] } {
  return {
    commands: saved.commands.map(readCommand),
    invocations: saved.invocations.map((invocation) => ({
      ...invocation,
      command: readCommand(invocation.command),
      tasks: invocation.tasks.map((task) => readTask(task, now)),
    })),
  };
}

function readTask(saved: SavedTask, now: number): Task {
  const task: Task = {
    ...saved,
    output: Buffer.from(saved.output, 'base64'),
    history: saved.history.map(readExecution),
  };
  if (task.status !== 'Running' && task.status !== 'Stopping') return task;
  const { status, text } = ERROR_WORDS.ExecutionInterrupted;
  return {
    ...task,
    status,
    errorCode: 'ExecutionInterrupted',
    errorInfo: text,
    finishedAt: now,
    updatedAt: now,
    oss: task.oss && { ...task.oss, status: 'Failed', errorCode: 'InternalError', errorInfo: text },
  };
}
