return {agrees=function() return true end}
