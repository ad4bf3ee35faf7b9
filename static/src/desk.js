// What the desk gains from script: parts of a form that show when they are asked for, a form that is sent once and
// says so when its answer is late or lost, and a scanner that cannot type where it should not.
function reveal(group) {
  const chosen = group.querySelector("input:checked")?.value
  group.querySelectorAll("[data-reveal-when]").forEach((part) => {
    part.hidden = part.dataset.revealWhen !== chosen
  })
}

const groups = () => document.querySelectorAll("[data-reveal]")

document.addEventListener("DOMContentLoaded", () => groups().forEach(reveal))
document.addEventListener("htmx:afterSwap", () => groups().forEach(reveal))
document.addEventListener("change", ({ target }) => {
  const group = target.closest("[data-reveal]")
  if (group) reveal(group)
})

// Longer than any answer takes; the cashier is told then, and the answer is still waited for.
const PATIENCE = 6000
// A scanner types a sign every few milliseconds, and may read the same code twice within a fifth of a second.
const QUIET = 150
const SECOND_SCAN = 220
const LONGEST_HOLD = 5000
const SCANNING = 400

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds))
let held = false
let heardAt = 0
let typedAt = -SCANNING

document.addEventListener("keydown", (event) => {
  heardAt = performance.now()
  // What a scanner sends after its Enter belongs to no field of the page that comes next.
  if (held && !/^F\d/.test(event.key)) {
    event.preventDefault()
    event.stopImmediatePropagation()
    return
  }
  // A scan that lands on a button ends in an Enter, which is no press of the button.
  const pressed = event.key === "Enter" || event.key === " "
  if (pressed && heardAt - typedAt < SCANNING && event.target.closest?.("form[data-send] :is(button, [type=checkbox])")) {
    event.preventDefault()
    event.stopImmediatePropagation()
  }
  // One more charge is confirmed by ticking its box, not by the Enter that comes after every amount.
  if (event.key === "Enter" && event.target.matches?.("form[data-send] [type=checkbox]")) event.preventDefault()
  if (event.key.length === 1 && event.key !== " ") typedAt = heardAt
}, true)

async function untilQuiet(since) {
  const now = () => performance.now()
  while (now() - since < SECOND_SCAN || (now() - heardAt < QUIET && now() - since < LONGEST_HOLD)) await pause(20)
}

function say(form) {
  if (!form.dataset.busy || form.querySelector("[data-busy-words]")) return
  const words = document.createElement("p")
  words.dataset.busyWords = "yes"
  words.setAttribute("role", "status")
  form.append(words)
  words.textContent = form.dataset.busy
}

function forget(form) {
  delete form.dataset.sending
  delete form.dataset.sent
  form.querySelector("[data-busy-words]")?.remove()
}

// The answer is late or lost. Nothing is sent again: its place is taken by a question whether it was done.
function doubt(form) {
  const template = form.parentElement?.querySelector(":scope > template[data-doubt]")
  if (!template) {
    forget(form)
    form.querySelector("button, [data-focus]")?.focus()
    return
  }
  if (form.hidden) return
  const place = document.createElement("div")
  place.append(template.content.cloneNode(true))
  const carried = form.elements.ticket ?? form.elements.token
  const asking = place.querySelector("form")
  if (asking && carried) {
    const copy = document.createElement("input")
    Object.assign(copy, { type: "hidden", name: carried.name, value: carried.value })
    asking.append(copy)
  }
  form.hidden = true
  form.after(place)
  place.querySelector("[data-focus]").focus()
}

function arrive(form, answer, text) {
  const to = answer.headers.get("X-Desk-Location") ?? (answer.redirected ? answer.url : null)
  if (to) return location.assign(to)
  const page = new DOMParser().parseFromString(text, "text/html")
  const content = page.getElementById("content")
  // A server that fails may have done it before it failed.
  if (!content || (answer.status >= 500 && !page.querySelector("[data-under-way]"))) return doubt(form)
  document.title = page.title
  document.getElementById("content").replaceWith(content)
  content.dispatchEvent(new Event("htmx:afterSwap", { bubbles: true }))
}

async function send(form, button) {
  const sentAt = performance.now()
  const isScan = Boolean(form.querySelector("[data-scan]"))
  const body = new URLSearchParams(new FormData(form, button))
  form.dataset.sending = "yes"
  held = isScan
  say(form)
  const late = setTimeout(() => { held = false; doubt(form) }, PATIENCE)
  try {
    const answer = await fetch(form.action, { method: "POST", body, headers: { "X-Desk": "1" } })
    const text = await answer.text()
    clearTimeout(late)
    if (isScan) await untilQuiet(sentAt)
    arrive(form, answer, text)
    if (answer.status !== 204) held = false
  } catch {
    clearTimeout(late)
    held = false
    doubt(form)
  }
}

document.addEventListener("submit", (event) => {
  const form = event.target
  if (!form.matches("[data-send]")) return say(form)
  event.preventDefault()
  if (form.dataset.sending) return
  send(form, event.submitter)
})
window.addEventListener("pageshow", () => {
  held = false
  document.querySelectorAll("form[data-sending], form[data-busy]").forEach(forget)
})
