/** What is open, in the order in which it was opened, and its end in reverse. */
export class Ending<Reason> {
  readonly #open: { readonly name: string; readonly close: (reason: Reason) => Promise<void> }[] = []
  readonly #report: (name: string, error: unknown) => void
  #reason: Reason | undefined
  #done!: (end: { readonly reason: Reason }) => void
  /** Settles when everything is closed; with the reason that was given first. */
  readonly done: Promise<{ readonly reason: Reason }> = new Promise((resolve) => (this.#done = resolve))

  /** @param report told what could not be closed; the rest is closed all the same */
  constructor(report: (name: string, error: unknown) => void) {
    this.#report = report
  }

  /** Notes what has to be closed at the end; `close` is told why. */
  opened(name: string, close: (reason: Reason) => Promise<void>): void {
    this.#open.push({ name, close })
  }

  /** Closes everything, last opened first; a second call waits for the first. */
  async begin(reason: Reason): Promise<void> {
    if (this.#reason === undefined) {
      this.#reason = reason
      for (const { name, close } of this.#open.reverse()) await close(reason).catch((error: unknown) => this.#report(name, error))
      this.#done({ reason })
    }
    await this.done
  }
}
