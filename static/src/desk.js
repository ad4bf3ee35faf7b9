// What the desk gains from script: parts of a form that show when they are asked for, and a sent form that says so.
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

document.addEventListener("submit", ({ target: form }) => {
  if (!form.dataset.busy || form.querySelector("[data-busy-words]")) return
  const words = document.createElement("p")
  words.dataset.busyWords = "yes"
  words.setAttribute("role", "status")
  form.append(words)
  words.textContent = form.dataset.busy
})
window.addEventListener("pageshow", () => document.querySelectorAll("[data-busy-words]").forEach((words) => words.remove()))
