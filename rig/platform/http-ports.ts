/** An HTTP listener that can also misbehave below HTTP: what the SCEP server and its faults ask of the network. */
import type { Clock, Duration } from '../../protocol/time.js'

/** When the parts of a request came in: monotonic milliseconds of the one clock (scep.md S-6). */
export interface ArrivalStamps {
  readonly firstByte: number
  readonly headers: number
  /** The last byte of the body; equal to `headers` when there is none. */
  readonly body: number
}

/** One HTTP request, read whole. */
export interface HttpArrival {
  /** `address:port` of the client. */
  readonly peer: string
  readonly method: string
  /** Path and query as sent. */
  readonly target: string
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  /** Empty when it was larger than the limit. */
  readonly body: Uint8Array<ArrayBuffer>
  readonly tooLarge: boolean
  readonly stamps: ArrivalStamps
}

export interface HttpReply {
  readonly kind: 'reply'
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
  /** Send only so many bytes of the body, then reset the connection. */
  readonly cutAfter?: number
  /** Send the body in pieces of so many bytes, one each `every`. */
  readonly pace?: { readonly bytes: number; readonly every: Duration }
}

/** `close`: the connection ends in order, without a byte of answer. `reset`: it is torn down (TCP RST). */
export type HttpAnswer = HttpReply | { readonly kind: 'close' | 'reset' }

export interface HttpHandler {
  /** A rejection becomes status 500. */
  answer(arrival: HttpArrival): Promise<HttpAnswer>
  /** The last byte went to the system, or the connection was ended on purpose, at `at`; undefined when the client left first. */
  sent(arrival: HttpArrival, at: number | undefined): void
}

export interface HttpListening {
  readonly port: number
  /** Stops listening and ends every connection. */
  close(): Promise<void>
}

/** @throws listen-failed */
export type ListenHttp = (options: {
  readonly address: string
  /** 0: the system chooses. */
  readonly port: number
  readonly clock: Clock
  /** Largest request body, bytes. */
  readonly limit: number
  readonly handler: HttpHandler
}) => Promise<HttpListening>
