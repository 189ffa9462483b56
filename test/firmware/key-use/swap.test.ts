import test from 'ava'
import fc from 'fast-check'
import type { KeyId } from '../../../firmware/key-store/index.js'
import { beginSwap, effectOf, nextSwap, swapLimits, type SwapEffect, type SwapEnd, type SwapPlan, type SwapReason } from '../../../firmware/key-use/swap.js'

const [oldKey, newKey] = ['old' as KeyId, 'new' as KeyId]
const reason: SwapReason = { code: 'probe-failed', message: 'nobody saw it', fix: '', facts: {} }

/** What outlives a power cut, and what does not. */
interface World {
  /** Of the key store. */
  assigned: KeyId | undefined
  /** Last seen to serve. */
  seen: KeyId | undefined
  /** Of the consumer; gone after a power cut. */
  serving: KeyId | undefined
}

interface Run {
  readonly end: SwapEnd | undefined
  readonly effects: readonly SwapEffect[]
}

/** Runs a swap in the world. @param fails whether the step of that number fails @param cutAfter steps; the power is off then */
function run(world: World, plan: SwapPlan, fails: (step: number) => boolean, { cutAfter = Infinity, takes = 0 } = {}): Run {
  const effects: SwapEffect[] = []
  let now = 0
  let state = beginSwap(plan, now)
  for (let effect = effectOf(state, now); effect !== undefined; effect = effectOf(state, now)) {
    if (effects.length >= cutAfter) return { end: undefined, effects }
    const failing = fails(effects.length)
    effects.push(effect)
    now += 'within' in effect ? Math.min(takes, effect.within) : 0
    if (!failing) perform(world, effect)
    state = nextSwap(state, failing ? { is: 'failed', at: now, reason } : { is: 'done', at: now })
    if (effects.length > 20) throw new Error('no end')
  }
  return { end: state as SwapEnd, effects }
}

function perform(world: World, effect: SwapEffect): void {
  if (effect.do === 'assign') world.assigned = effect.key
  if (effect.do === 'apply') world.serving = effect.key
  if (effect.do === 'undo') world.serving = effect.to
  if (effect.do === 'commit') world.seen = effect.key
}

const before = (): World => ({ assigned: oldKey, seen: oldKey, serving: oldKey })
const swap: SwapPlan = { kind: 'swap', key: newKey, before: oldKey, assigned: false, on: true }
/** An issuance commits key, certificate and use in one record. */
const issued: SwapPlan = { ...swap, assigned: true }

/** What a start does: the store is the truth; a key that was not seen to serve has the one before to go back to. */
function boot(world: World, fails: (step: number) => boolean): Run {
  world.serving = undefined
  const key = world.assigned
  if (key === undefined) return { end: undefined, effects: [] }
  return run(world, { kind: 'align', key, assigned: true, on: true, ...(world.seen === undefined || world.seen === key ? {} : { before: world.seen }) }, fails)
}

const plans = fc.record({ assigned: fc.boolean(), on: fc.boolean(), first: fc.boolean(), kind: fc.constantFrom('swap', 'align') }).map(({ first, ...plan }): SwapPlan =>
  ({ key: newKey, ...plan, ...(first ? {} : { before: oldKey }) }))
const failures = fc.array(fc.boolean(), { minLength: 12, maxLength: 12 })
const at = (list: readonly boolean[]) => (step: number): boolean => list[step] ?? false
const did = ({ effects }: Run): readonly string[] => effects.map((effect) => effect.do)

test('device.md 7: a swap that goes well checks, assigns, applies, probes and commits', (t) => {
  const world = before()
  const well = run(world, swap, () => false)
  t.deepEqual(did(well), ['check', 'assign', 'apply', 'probe', 'commit'])
  t.is(well.end?.outcome, 'served')
  t.deepEqual(world, { assigned: newKey, seen: newKey, serving: newKey })
})

test('every path ends', (t) => {
  fc.assert(fc.property(plans, failures, (plan, fails) => {
    t.truthy(run({ ...before(), assigned: plan.assigned ? newKey : oldKey }, plan, at(fails)).end)
  }))
  t.pass()
})

test('device.md 7: a failed apply or probe is undone, and the assignment is the one before', (t) => {
  fc.assert(fc.property(fc.constantFrom(swap, issued), failures, (plan, fails) => {
    const world = { ...before(), assigned: plan.assigned ? newKey : oldKey }
    const { end, effects } = run(world, plan, at(fails))
    const failed = effects.findIndex((effect, step) => (effect.do === 'apply' || effect.do === 'probe') && at(fails)(step))
    if (failed === -1) return
    t.like(effects[failed + 1], { do: 'undo', to: oldKey })
    t.like(effects[failed + 2], { do: 'assign', key: oldKey })
    t.is(end?.outcome, at(fails)(failed + 1) ? 'stranded' : 'undone')
    t.is(end?.reason, reason)
    if (!at(fails)(failed + 1)) t.is(world.serving, oldKey)
    if (!at(fails)(failed + 2)) t.is(world.assigned, oldKey)
  }))
  t.pass()
})

test('a key is never committed unless its probe passed', (t) => {
  fc.assert(fc.property(plans, failures, (plan, fails) => {
    const { effects } = run({ ...before(), assigned: plan.assigned ? newKey : oldKey }, plan, at(fails))
    const commit = effects.findIndex((effect) => effect.do === 'commit')
    if (commit === -1) return
    t.is(effects[commit - 1]?.do, 'probe')
    t.false(at(fails)(commit - 1))
  }))
  t.pass()
})

test('device.md 3: for a function that is off the key is assigned, and nothing else happens', (t) => {
  const world = before()
  const off = run(world, { ...swap, on: false }, () => false)
  t.deepEqual(did(off), ['assign'])
  t.is(off.end?.outcome, 'assigned')
  t.deepEqual(world, { assigned: newKey, seen: oldKey, serving: oldKey })
})

test('a key that cannot serve is refused before anything is changed; one that an issuance has assigned already is taken back', (t) => {
  const world = before()
  t.deepEqual(did(run(world, swap, (step) => step === 0)), ['check'])
  t.deepEqual(world, before())
  const after: World = { ...before(), assigned: newKey }
  const refused = run(after, issued, (step) => step === 0)
  t.is(refused.end?.outcome, 'refused')
  t.deepEqual(after, before())
})

test('device.md 6: after a power cut in any state of a swap the next start ends with a key that serves, and with a store that names it', (t) => {
  fc.assert(fc.property(fc.constantFrom(swap, issued), failures, fc.nat({ max: 8 }), fc.boolean(), (plan, fails, cutAfter, good) => {
    const world = { ...before(), assigned: plan.assigned ? newKey : oldKey }
    run(world, plan, at(fails), { cutAfter })
    const committed = world.seen === newKey
    // The new key either serves or does not; the old one does.
    const next = boot(world, (step) => !good && step === 2 && world.serving === newKey)
    t.is(world.serving, world.assigned)
    t.true(world.serving === oldKey || world.serving === newKey)
    if (!good && next.end?.outcome === 'undone') t.is(world.serving, oldKey)
    // Once the new key was seen to serve, the swap was over.
    if (!committed) t.not(next.end?.outcome, 'failing')
  }))
  t.pass()
})

test('after a start a key without one before it ends as failing when it does not serve: there is nothing to go back to', (t) => {
  for (const step of [0, 1, 2]) {
    const world: World = { assigned: newKey, seen: newKey, serving: undefined }
    const { end, effects } = boot(world, (each) => each === step)
    t.is(end?.outcome, 'failing')
    t.false(effects.some((effect) => effect.do === 'undo' || effect.do === 'assign'))
    t.is(world.assigned, newKey)
  }
})

test('whatever hangs, a swap is over within 60 s, and undo has at least 24 s of them', (t) => {
  for (const failing of [[2], [3], [2, 4], [3, 4]]) {
    const { end, effects } = run(before(), swap, (step) => failing.includes(step), { takes: 120_000 })
    t.true((end?.times.ended ?? Infinity) < 60_000)
    const undo = effects.find((effect) => effect.do === 'undo')
    t.true(undo?.do === 'undo' && undo.within >= 24_000)
  }
  t.true(swapLimits.total < 60_000)
})

test('the times of a swap are those at which its steps ended', (t) => {
  const { end } = run(before(), { ...swap, receivedAt: -5 }, () => false, { takes: 7 })
  t.deepEqual(end?.times, { started: 0, applied: 7, probed: 14, ended: 14 })
  t.is(end?.plan.receivedAt, -5)
})

test('a swap that has ended takes nothing more', (t) => {
  const { end } = run(before(), swap, () => false)
  t.throws(() => nextSwap(end!, { is: 'done', at: 0 }), { instanceOf: TypeError })
  t.throws(() => nextSwap(end!, { is: 'failed', at: 0, reason }), { instanceOf: TypeError })
})
