import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ExecutionContext } from 'ava'

const main = 'build/firmware/main.js'

/** Text that comes bit by bit, and waits for words in it. */
class Stream {
  text = ''
  readonly #waiting: { readonly pattern: RegExp; readonly from: number; readonly found: (match: string) => void }[] = []

  add(part: string): void {
    this.text += part
    for (const wait of [...this.#waiting]) {
      const match = wait.pattern.exec(this.text.slice(wait.from))
      if (match === null) continue
      this.#waiting.splice(this.#waiting.indexOf(wait), 1)
      wait.found(match[0])
    }
  }

  /** Waits until the pattern stands in what came after `from`. */
  async wait(pattern: RegExp, from = 0): Promise<string> {
    return new Promise((found) => {
      this.#waiting.push({ pattern, from, found })
      this.add('')
    })
  }
}

/** The built board as a process, its serial line on a socket that the test listens on. */
export class BoardRig {
  readonly folder: string
  readonly data: string
  readonly config: string
  /** What the board said on its serial line, over all its runs. */
  readonly serial = new Stream()
  /** What its processes wrote to standard output and standard error. */
  readonly output = new Stream()
  #line: Socket | undefined
  #parent: ChildProcess | undefined
  #ended: Promise<number | null> | undefined

  private constructor(folder: string) {
    this.folder = folder
    this.data = join(folder, 'data')
    this.config = join(folder, 'board.yaml')
  }

  /** A folder with a config, nothing started yet. */
  static async make(t: ExecutionContext): Promise<BoardRig> {
    const rig = new BoardRig(mkdtempSync(join(tmpdir(), 'platen-board-')))
    const server = createServer((socket) => {
      rig.#line = socket
      socket.setEncoding('utf8').on('error', () => undefined).on('data', (text: string) => rig.serial.add(text))
    })
    server.listen(join(rig.folder, 'line'))
    await once(server, 'listening')
    rig.configure()
    t.teardown(async () => {
      await rig.stop()
      rig.#line?.destroy()
      server.close()
      rmSync(rig.folder, { recursive: true })
    })
    return rig
  }

  configure(changes: { readonly data?: string; readonly port?: number; readonly more?: string } = {}): void {
    writeFileSync(this.config, `data: ${changes.data ?? this.data}\nserial: {path: "unix:line"}\nhttps: {address: 127.0.0.1, port: ${changes.port ?? 0}}\n${changes.more ?? ''}`)
  }

  /** Starts the parent, which starts the board. */
  start(...words: readonly string[]): void {
    const child = spawn(process.execPath, [main, ...words, this.config], { stdio: ['ignore', 'pipe', 'pipe'] })
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => this.output.add(text))
    this.#parent = child
    this.#ended = once(child, 'close').then(([code]) => code as number | null)
  }

  /** Starts, and waits for the first prompt. @returns what stood on the line until then */
  async boot(): Promise<string> {
    const from = this.serial.text.length
    this.start()
    return this.prompt(from)
  }

  /** Waits for a login prompt after `from`, or for the end of the program, which throws what it said. */
  async prompt(from: number): Promise<string> {
    const first = await Promise.race([this.serial.wait(/login: $/, from), this.#ended!.then(() => undefined)])
    if (first === undefined) throw new Error(`the board ended before its prompt: ${this.output.text}`)
    return this.serial.text.slice(from)
  }

  type(text: string): void {
    this.#line!.write(text)
  }

  /** Signs in on a new board, which sets its password. */
  async signInFirst(): Promise<void> {
    for (const [typed, next] of [['administrator', /New password: $/], ['a good password', /New password again: $/], ['a good password', /platen> $/]] as const) {
      const from = this.serial.text.length
      this.type(`${typed}\r`)
      await this.serial.wait(next, from)
    }
  }

  /** Types a command and waits for its result line. */
  async command(line: string): Promise<string> {
    const from = this.serial.text.length
    this.type(`${line}\r`)
    return this.serial.wait(/^= .*$/m, from)
  }

  /** The process of the board itself. */
  child(): number {
    const pid = this.#parent!.pid!
    return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')[0])
  }

  get pid(): number {
    return this.#parent!.pid!
  }

  /** The port of the newest run. */
  port(): number {
    return Number([...this.output.text.matchAll(/the board is ready https=(\d+)/g)].at(-1)![1])
  }

  /** Waits for the end of the program. @returns its exit code */
  ended(): Promise<number | null> {
    return this.#ended!
  }

  /** Asks it to stop and waits. @returns its exit code */
  async stop(): Promise<number | null> {
    this.#parent?.kill('SIGTERM')
    return await (this.#ended ?? Promise.resolve(null))
  }

  /** Runs the program to its end, which must come by itself. */
  async refused(...words: readonly string[]): Promise<{ readonly code: number | null; readonly said: string }> {
    const from = this.output.text.length
    this.start(...words)
    const code = await this.ended()
    return { code, said: this.output.text.slice(from) }
  }
}
