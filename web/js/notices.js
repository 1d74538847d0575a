// Shows the pack's notices (such as "this is only a preview model") as toasts in the page.
import { app } from "../../../scripts/app.js"
import { api } from "../../../scripts/api.js"

function showNotice(event) {
  const { severity, summary, detail } = event.detail
  app.extensionManager?.toast?.add({ severity, summary, detail, life: 12000 })
}

app.registerExtension({
  name: "sam3d-geometry.notices",
  setup() {
    api.addEventListener("sam3d_geometry.notice", showNotice)
  },
})
