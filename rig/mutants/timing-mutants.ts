import type { Http, HttpRequest, HttpResponse, Platform } from '../../firmware/platform/index.js'
import { PlatenError } from '../../protocol/errors.js'
import { readPkiMessage } from '../../protocol/scep/index.js'
import { milliseconds, minutes, type Clock } from '../../protocol/time.js'
import type { Mutant } from './mutant.js'

/** The same clock with some of its answers changed. */
function changedClock(clock: Clock, change: Partial<Clock>): Clock {
  return {
    monotonic: () => clock.monotonic(), wall: () => clock.wall(), state: () => clock.state(), timers: () => clock.timers(),
    after: (name, delay, run) => clock.after(name, delay, run), onStep: (listener) => clock.onStep(listener),
    ...change,
  }
}

function answers(platform: Platform, change: (response: HttpResponse, request: HttpRequest) => HttpResponse): Platform {
  const { http } = platform
  return { ...platform, http: { exchange: async (request) => change(await http.exchange(request), request) } }
}

/** What the server answered to a request for a certificate; undefined for anything else. */
function statusOf({ body, status }: HttpResponse): string | undefined {
  try {
    return status === 200 ? readPkiMessage(body).status : undefined
  } catch {
    return undefined
  }
}

/** Asks again and again by itself, whatever the firmware thinks, as long as the answer is PENDING. */
function pollsOn(clock: Clock, http: Http): Http {
  const again = (request: HttpRequest): void => {
    clock.after('mutant: one more poll', minutes(1), () => {
      // It begins as each contact does.
      const capabilities = { ...request, method: 'GET' as const, url: new URL('?operation=GetCACaps', request.url) }
      void http.exchange(capabilities).then(() => http.exchange(request)).then((response) => {
        if (statusOf(response) === 'PENDING') again(request)
      }, () => undefined)
    })
  }
  return {
    exchange: async (request) => {
      const response = await http.exchange(request)
      if (statusOf(response) === 'PENDING') again(request)
      return response
    },
  }
}

const tick = minutes(15)

/** Every timer of a minute or more fires a quarter of a minute late. */
const late = (platform: Platform): Platform => {
  const { clock } = platform
  return { ...platform, clock: changedClock(clock, { after: (name, delay, run) => clock.after(name, milliseconds(delay < minutes(1) ? delay : delay + 15_000), run) }) }
}

export const timingMutants: readonly Mutant[] = [
  {
    name: 'fires early', flaw: 'the board takes the start for come a millisecond before it is', scenario: 'start-time-kept', verdict: 'start time kept',
    vary: (platform) => ({ ...platform, clock: changedClock(platform.clock, { wall: () => platform.clock.wall() + 1 }) }),
  },
  { name: 'periods late', flaw: 'each period begins 15 s late', scenario: 'periodic', verdict: 'periodic requests', vary: late },
  { name: 'polls late', flaw: 'each poll comes 15 s late', scenario: 'polls-on-communication-error', verdict: 'polls on HTTP status 503', vary: late },
  { name: 'shows another date', flaw: 'the request goes out 15 s after the date that is shown', scenario: 'next-date-shown', verdict: 'next date kept', vary: late },
  { name: 'renews late', flaw: 'the renewal goes out 15 s late', scenario: 'renewal-by-expiry', verdict: 'renewed at a third', vary: late },
  {
    name: 'polls on FAILURE', flaw: 'a refusal by the server is taken for a communication error', scenario: 'no-polls-on-refusal', verdict: 'polls on FAILURE badRequest',
    vary: (platform) => answers(platform, (response) => (statusOf(response) === 'FAILURE' ? { ...response, status: 503 } : response)),
  },
  {
    name: 'polls forever', flaw: 'a deferred request is asked for without end', scenario: 'polls-on-pending', verdict: 'polls on PENDING',
    vary: (platform) => ({ ...platform, http: pollsOn(platform.clock, platform.http) }),
  },
  {
    name: 'never polls on an HTTP error', flaw: 'an HTTP error status ends the request at once', scenario: 'polls-on-communication-error', verdict: 'polls on HTTP status 503',
    vary: (platform) => answers(platform, (response) => {
      if (response.status >= 400) throw new PlatenError('bad-response', 'the answer cannot be read')
      return response
    }),
  },
  {
    name: 'burst after an outage', flaw: 'the board looks at what is due on every quarter of an hour, as all others do', scenario: 'outage-without-burst', verdict: 'no burst',
    vary: (platform) => {
      const { clock } = platform
      const late = (delay: number): number => tick - (clock.wall() + delay) % tick
      return { ...platform, clock: changedClock(clock, { after: (name, delay, run) => clock.after(name, milliseconds(delay < minutes(1) ? delay : delay + late(delay)), run) }) }
    },
  },
]
