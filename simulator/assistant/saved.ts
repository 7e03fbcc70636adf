/**
 * Commands, invocations and sent files in the state file. The rule: bytes travel as Base64, and what ran when the simulator
 * ended has been interrupted.
 */
import type { Command, Execution, Invocation, Progress, SentFile, Task } from './model';
import type { AssistantStore } from './store';
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
  /** Absent in files of earlier versions. */
  readonly files?: SentFile[];
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
export function saveAssistant({ commands, invocations, files }: AssistantStore): SavedAssistant {
  return {
    files: [...files.records.values()],
    commands: [...commands.values()].map(saveCommand),
    invocations: [...invocations.values()].map((invocation) => ({
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
  const ended = interrupted(task, now);
  if (ended === task || task.oss === undefined) return ended;
  const failed = { status: 'Failed', errorCode: 'InternalError', errorInfo: ended.errorInfo } as const;
  return { ...ended, oss: { ...task.oss, ...failed } };
}

/** A sent file as it was saved. */
export function readFile(saved: SentFile, now: number): SentFile {
  return { ...saved, tasks: saved.tasks.map((task) => interrupted(task, now)) };
}

function interrupted<T extends Progress>(task: T, now: number): T {
  if (task.status !== 'Running' && task.status !== 'Stopping') return task;
  const { status, text } = ERROR_WORDS.ExecutionInterrupted;
  return {
    ...task,
    status,
    errorCode: 'ExecutionInterrupted',
    errorInfo: text,
    finishedAt: now,
    updatedAt: now,
  };
}
