// What a page gains from script. Every page works without it.
import htmx from "htmx.org"
import "./desk.js"

window.htmx = htmx
Object.assign(htmx.config, { includeIndicatorStyles: false, allowEval: false, allowScriptTags: false, selfRequestsOnly: true, historyCacheSize: 0 })

const cookie = (name) => document.cookie.split("; ").find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1)
const visible = (element) => !element.disabled && element.getClientRects().length > 0

document.addEventListener("htmx:configRequest", ({ detail }) => {
  const token = document.querySelector("[name=csrfmiddlewaretoken]")?.value ?? cookie("csrftoken")
  if (token) detail.headers["X-CSRFToken"] = token
})

// The reader hears of errors at once; otherwise the field that the work starts with is ready.
function attend(root) {
  const target = root.querySelector(".govuk-error-summary") ?? root.querySelector("[data-focus]")
  target?.focus()
  target?.select?.()
}

document.addEventListener("DOMContentLoaded", () => attend(document))
document.addEventListener("htmx:afterSwap", ({ target }) => attend(target))

// A link of the error summary takes the reader to the control, with its label in sight.
document.addEventListener("click", (event) => {
  const link = event.target.closest(".govuk-error-summary a[href^='#']")
  const control = link && document.getElementById(link.hash.slice(1))
  if (!control) return
  event.preventDefault()
  const heading = control.closest("fieldset")?.querySelector("legend") ?? control.labels?.[0] ?? control
  heading.scrollIntoView()
  control.focus({ preventScroll: true })
})

// A second press of the same button within the wait for an answer is swallowed.
document.addEventListener("submit", (event) => {
  const form = event.target
  const once = form.hasAttribute("data-once") || event.submitter?.hasAttribute("data-once") || form.method === "post"
  if (!once) return
  if (form.dataset.sent) return event.preventDefault()
  form.dataset.sent = "yes"
  setTimeout(() => delete form.dataset.sent, 8000)
})
window.addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach((form) => delete form.dataset.sent))

// Keys are written on the buttons that they press.
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return
  const target = [...document.querySelectorAll(`[data-key="${CSS.escape(event.key)}"]`)].find(visible)
  if (!target) return
  event.preventDefault()
  if (event.repeat) return
  if (target.matches("input, select, textarea")) {
    target.focus()
    target.select?.()
  } else target.click()
})

// A scanner is a keyboard that sends Enter: what it types is cleaned, and Enter goes on instead of submitting half a form.
document.addEventListener("keydown", (event) => {
  const field = event.target
  if (event.key !== "Enter" || !field.matches?.("[data-scan]")) return
  field.value = field.value.normalize("NFKC").replace(/[\p{Cc}\p{Cf}]/gu, "").trim()
  const fields = [...field.form.querySelectorAll("input:not([type=hidden]), select, textarea")].filter(visible)
  const next = fields[fields.indexOf(field) + 1]
  if (!next) return
  event.preventDefault()
  next.focus()
  next.select?.()
})

document.addEventListener("click", (event) => {
  const target = event.target.closest("[data-print], [data-copy]")
  if (!target) return
  if (target.hasAttribute("data-print")) window.print()
  else navigator.clipboard?.writeText(document.querySelector(target.dataset.copy)?.textContent.trim() ?? "")
})

// Job pages bring themselves up to date while someone looks at them.
function refresh() {
  const page = document.querySelector("[data-refresh]")
  if (!page) return
  setTimeout(async () => {
    if (!document.hidden) {
      await htmx.ajax("GET", location.href, { source: page, target: "#content", select: "#content", swap: "outerHTML" }).catch(() => {})
    }
    refresh()
  }, Math.max(2, Number(page.dataset.refresh)) * 1000)
}
refresh()
