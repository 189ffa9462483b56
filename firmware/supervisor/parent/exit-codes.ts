/** How a board's process tells its parent why it ended. */
export const exitCodes = {
  /** Stopped because it was asked to. */
  stopped: 0,
  /** What it was given to work with (data directory, port, serial line) does not work; another try would not help. */
  refused: 69,
  /** The firmware itself failed. */
  crashed: 70,
  /** Asks to be started again; the reason is in the run record. */
  restart: 75,
  /** The config is wrong (EX_CONFIG; systemd's RestartPreventExitStatus names it). */
  config: 78,
} as const
