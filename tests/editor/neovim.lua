-- Opens a file in Neovim, waits for diagnostics, makes all safe changes, and saves. What happened goes to a JSON file.
local server, path, folder, report = vim.env.SERVER, vim.env.DOCKERFILE, vim.env.FOLDER, vim.env.REPORT

local function finish(result)
  local file = assert(io.open(report, "w"))
  file:write(vim.fn.json_encode(result))
  file:close()
  vim.cmd("qall!")
end

vim.cmd("edit " .. vim.fn.fnameescape(path))
local client = vim.lsp.start_client({ name = "dockerslim", cmd = vim.fn.json_decode(server), root_dir = folder })
vim.lsp.buf_attach_client(0, client)

if not vim.wait(60000, function() return #vim.diagnostic.get(0) > 0 end, 50) then
  finish({ error = "no diagnostics" })
end
local before = vim.tbl_map(function(one) return { code = one.code, line = one.lnum, message = one.message } end,
  vim.diagnostic.get(0))

local params = vim.lsp.util.make_range_params()
params.context = { diagnostics = {}, only = { "source.fixAll.dockerslim" } }
local answers = vim.lsp.buf_request_sync(0, "textDocument/codeAction", params, 60000)
for _, answer in pairs(answers or {}) do
  for _, action in ipairs(answer.result or {}) do
    vim.lsp.util.apply_workspace_edit(action.edit, vim.lsp.get_client_by_id(client).offset_encoding)
  end
end
vim.cmd("write")
local line = vim.fn.search("COPY --from")
vim.api.nvim_win_set_cursor(0, { line, 13 })
local defined = vim.lsp.buf_request_sync(0, "textDocument/definition", vim.lsp.util.make_position_params(), 60000)
local target = defined[client].result[1].range.start.line
vim.wait(5000, function()
  return #vim.tbl_filter(function(one) return one.code == "DS201" end, vim.diagnostic.get(0)) == 0
end, 50)
local after = vim.tbl_map(function(one) return { code = one.code, line = one.lnum, message = one.message } end,
  vim.diagnostic.get(0))
vim.lsp.stop_client(client)
vim.wait(5000, function() return vim.lsp.get_client_by_id(client) == nil end, 50)
finish({ before = before, after = after, target = target })
