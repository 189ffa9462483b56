export { drawFault, drawSchedule, type ScriptedFault } from './schedule.js'
export { shrink } from './shrink.js'
export { soak, type SoakOptions, type SoakResult } from './soak.js'
export { trial, type SoakFailure, type TrialResult } from './trial.js'
