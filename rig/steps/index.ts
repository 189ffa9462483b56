export { StepRecorder } from './recorder.js'
export type { Note, Step, StepListener } from './recorder.js'
