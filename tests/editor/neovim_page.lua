-- Opens the files that FILES names, set up as the page about editors says, and writes down what is shown of each.
local report, found = vim.env.REPORT, {}
for _, path in ipairs(vim.fn.json_decode(vim.env.FILES)) do
  vim.cmd("edit " .. vim.fn.fnameescape(path))
  vim.wait(tonumber(vim.env.PATIENCE), function() return #vim.diagnostic.get(0) > 0 end, 50)
  local codes = vim.tbl_map(function(one) return one.code end, vim.diagnostic.get(0))
  found[vim.fn.fnamemodify(path, ":t")] = { filetype = vim.bo.filetype, codes = codes }
end
local file = assert(io.open(report, "w"))
file:write(vim.fn.json_encode(found))
file:close()
vim.cmd("qall!")
