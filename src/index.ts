/** The public door: names, ids and payload types of every workflow. */
export * from './domain/messages';
