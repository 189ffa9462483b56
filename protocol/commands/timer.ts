/** Settings for Certificate Issuance Auto Request (device.md section 4). */
import * as z from 'zod'
import { isDomainName, isIpAddress } from '../host-name.js'
import { command } from './definition.js'
import { dateAndTime, listOf, oneOf, oneOfNumbers, secret, text, wholeNumber, yesOrNo } from './fields.js'
import { commonName } from './issuance.js'
import { keyName, keyUse } from './keys.js'
import { CHALLENGE_PROMPT } from './prompts.js'
import { count, date, flag, shown, shownList, shownNames } from './replies.js'

const settings = z.strictObject({
  enabled: flag('Enable Timer'),
  start: date('Request Start Date/Time').optional(),
  adjust: flag('Auto Adjust Issuance Request Time'),
  jitter: count('Auto Adjust (s)').optional(),
  due: date('Due').optional(),
  next: date('Next Request Date/Time').optional(),
  'next-kind': shownNames('Next', ['start', 'periodic', 'expiry', 'poll']).optional(),
  reason: shown('Reason').optional(),
  polls: count('Maximum Number of Times to Perform Polling'),
  'poll-interval': count('Polling Interval (min)'),
  'polls-left': count('Polls left').optional(),
  every: count('Request Interval: Every (days)'),
  restart: flag('Automatically Restart Device After Acquiring Certificate'),
  'delete-old': flag('Delete Old Key and Certificate'),
  renew: flag('Renew Before Expiry'),
  'key-name': shown('Key Name').optional(),
  cn: shown('Common Name').optional(),
  organization: shown('Organization').optional(),
  'key-length': count('Key Length (bit)').optional(),
  digest: shown('Signature Algorithm').optional(),
  dns: shownList('Further DNS names').optional(),
  ip: shownList('Further IP addresses').optional(),
  use: shown('Key Use Location').optional(),
  challenge: shownNames('Challenge Password', ['stored', 'none']),
})

export const timerShow = command({
  name: 'timer show',
  summary: 'show the settings of automatic requests and what comes next',
  help: [
    'due is the date and time of the next request as promised, jitter the seconds that Auto Adjust has drawn for it, next the moment at which the server is asked next: by a request (start, periodic, expiry) or by a poll. Polls and every are 0 when off. The Challenge Password is never shown.',
  ],
  request: z.strictObject({}),
  reply: settings,
  examples: ['timer show'],
})

export const timerOff = command({
  name: 'timer off',
  summary: 'switch the timer for automatic requests off',
  help: ['The settings stay. A request that waits for a poll ends as Error, and its key is given up.'],
  request: z.strictObject({}),
  reply: settings,
  examples: ['timer off'],
})

export const timerSet = command({
  name: 'timer set',
  summary: 'change the settings of automatic requests, timer on',
  help: [
    'Only the fields given are changed. A start that has passed is refused when it is changed and when the timer is switched on. While the timer is on, request, comm set and ca pin are refused.',
    'adjust adds 1 to 600 random seconds to each date, so that many boards do not ask at once. The server is polled after communication errors and while it defers the request. every sends a request that many days after each success; renew sends one when a third of the lifetime is left, signed with the current certificate.',
    'delete-old deletes the old key and certificate of the same use when the new one serves; the default key stays.',
    'The Challenge Password is asked for after the line and is stored protected; left empty, the stored one is kept.',
  ],
  request: z.strictObject({
    start: dateAndTime('Request Start Date/Time').optional(),
    adjust: yesOrNo('Auto Adjust Issuance Request Time').optional(),
    polls: wholeNumber('Maximum Number of Times to Perform Polling, 0 for none', 0, 100).optional(),
    'poll-interval': wholeNumber('Polling Interval, minutes', 1, 1440).optional(),
    every: wholeNumber('Request Interval: Every, days; 0 for no periodic requests', 0, 365).optional(),
    restart: yesOrNo('Automatically Restart Device After Acquiring Certificate').optional(),
    'delete-old': yesOrNo('Delete Old Key and Certificate').optional(),
    renew: yesOrNo('Renew Before Expiry').optional(),
    'key-name': keyName.optional(),
    cn: commonName.optional(),
    organization: text('Organization; empty for none', 0, 64).optional(),
    'key-length': oneOfNumbers('Key Length (bit)', [2048, 3072, 4096]).optional(),
    digest: oneOf('Signature Algorithm; sha1 only under the policy legacy', ['sha256', 'sha384', 'sha512', 'sha1']).optional(),
    dns: listOf('further DNS names', z.string().refine(isDomainName), 16, 'domain names').optional(),
    ip: listOf('further IP addresses', z.string().refine(isIpAddress), 16, 'IP addresses').optional(),
    use: keyUse.optional(),
    challenge: secret('Challenge Password', 0).optional(),
  }),
  reply: settings,
  secrets: [{ field: 'challenge', prompt: CHALLENGE_PROMPT }],
  errors: [],
  examples: [
    'timer set start=2027-03-01T08:00:00Z key-name=office cn=printer.example.com use=tls polls=5 poll-interval=10',
    'timer set every=90 restart=yes delete-old=yes',
  ],
})
