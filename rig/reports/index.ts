export { timeline } from './timeline.js'
export { outcomeOfRun, outcomeOfScenario, outcomeWords } from './outcome.js'
export type { RequestTimeline, RunClock, RunRecord, ScenarioResult, Trouble } from './run-record.js'
